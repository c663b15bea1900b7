import type { Slicer } from "../../ports/bounded-store.ts";
import type { CachedEntry } from "../../ports/cache-store.ts";
import type { Clock } from "../../shared/clock.ts";
import type { BoundedEntries } from "../policies/bounded-entries.ts";
import type { CachedResponse } from "./cached-response.ts";

/** Slots looked at for one page of a list. */
const LIST_SLOTS = 20_000;
/** Keys are apart from their namespace by a character that neither may contain. */
const SEPARATOR = "\u0000";

export function fullKey(namespace: string, key: string): string {
  return namespace + SEPARATOR + key;
}

export interface ListPage {
  prefix?: string;
  tag?: string;
  limit: number;
  /** The slot to begin at: 0, or the `next` of the page before. */
  from: number;
}

interface Options {
  entries: BoundedEntries<CachedResponse>;
  clock: Pick<Clock, "monotonicMs">;
  createSlicer: () => Slicer;
}

/** Looks through one namespace's responses, slot by slot: there is no index by prefix or tag, which every put would pay for. */
export class NamespaceScan {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Removes in slices what was put up to `sequence`; returns how many. What is put meanwhile stays. */
  async purge(
    namespace: string,
    { tag, prefix = "" }: { tag?: string; prefix?: string },
    sequence: number,
  ): Promise<number> {
    const { entries, createSlicer } = this.#options;
    const start = fullKey(namespace, prefix);
    const slicer = createSlicer();
    let removed = 0;
    for (let from = 0, more = true; more; ) {
      more = false;
      for (const { slot, key, value } of entries.entries(from)) {
        if (value.sequence <= sequence && key.startsWith(start) && (tag === undefined || value.tags.includes(tag))) {
          if (entries.delete(key)) removed += 1;
        }
        if (!slicer.spent) continue;
        from = slot + 1;
        more = true;
        break;
      }
      if (more) await slicer.breathe();
    }
    return removed;
  }

  /** `next` is null when there is no more; a page may be short of its limit before that. */
  list(namespace: string, { prefix = "", tag, limit, from }: ListPage): { items: CachedEntry[]; next: number | null } {
    const start = fullKey(namespace, prefix);
    const items: CachedEntry[] = [];
    for (const { slot, key, value, expiresAtMs } of this.#options.entries.entries(from)) {
      if (items.length === limit || slot >= from + LIST_SLOTS) return { items, next: slot };
      if (!key.startsWith(start) || (tag !== undefined && !value.tags.includes(tag))) continue;
      items.push(this.#view(key, value, expiresAtMs));
    }
    return { items, next: null };
  }

  #view(key: string, { body, mediaType, hits, tags, storedAtMs }: CachedResponse, expiresAtMs: number): CachedEntry {
    const nowMs = this.#options.clock.monotonicMs();
    return {
      key: key.slice(key.indexOf(SEPARATOR) + 1),
      mediaType,
      bytes: body.identityBytes,
      storedBytes: body.storedBytes,
      encoding: body.encoding,
      etag: body.tag,
      ageMs: nowMs - storedAtMs,
      ttlLeftMs: Math.max(0, expiresAtMs - nowMs),
      hits,
      tags,
    };
  }
}
