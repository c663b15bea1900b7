import type { Yielder } from "../../ports/bounded-store.ts";
import type { CachedEntry } from "../../ports/cache-store.ts";
import type { Clock } from "../../shared/clock.ts";
import type { BoundedEntries } from "../cache/bounded-entries.ts";
import { HASHES } from "../core/slot-table.ts";
import type { CachedResponse } from "./cached-response.ts";

/** Cells of the index looked at in one go, and for one page of a list. */
const STRETCH = 512;
const LIST_CELLS = 32_768;
/** A position is a hash, and how many of its entries were shown: two keys of one hash are rare, and never so many. */
const SAME_HASH = 1_024;
/** Keys are apart from their namespace by a character that neither may contain. */
const SEPARATOR = "\u0000";

export function fullKey(namespace: string, key: string): string {
  return namespace + SEPARATOR + key;
}

export const namespaceOf = (fullKey: string): string => fullKey.slice(0, fullKey.indexOf(SEPARATOR));

export interface ListPage {
  prefix?: string;
  tag?: string;
  limit: number;
  /** Where to begin: 0, or the `next` of the page before. */
  from: number;
}

interface Options {
  entries: BoundedEntries<CachedResponse>;
  clock: Pick<Clock, "monotonicMs">;
  createYielder: () => Yielder;
}

/** Looks through one namespace's responses, in the order of their keys' hashes: there is no index by prefix or tag, which every put would pay for. */
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
    const { entries, createYielder } = this.#options;
    const start = fullKey(namespace, prefix);
    const yielder = createYielder();
    let removed = 0;
    // By hash: while this waits, new bounds may build the index again, and a slot number would mean another entry.
    for (let from: number | null = 0; from !== null; ) {
      const stretch: ReturnType<typeof entries.walk> = entries.walk(from, STRETCH);
      for (const { key, value } of stretch.entries) {
        if (value.sequence > sequence || !key.startsWith(start) || (tag !== undefined && !value.tags.includes(tag)))
          continue;
        // It may have been put again while this waited.
        if ((entries.peek(key)?.sequence ?? sequence + 1) <= sequence && entries.delete(key)) removed += 1;
        if (yielder.spent) await yielder.yield();
      }
      from = stretch.next;
      if (yielder.spent) await yielder.yield();
    }
    return removed;
  }

  /** `next` is null when there is no more; a page may be short of its limit before that. */
  list(namespace: string, { prefix = "", tag, limit, from }: ListPage): { items: CachedEntry[]; next: number | null } {
    const start = fullKey(namespace, prefix);
    const items: CachedEntry[] = [];
    let hash = Math.floor(from / SAME_HASH);
    let shown = from % SAME_HASH;
    for (let cells = 0; cells < LIST_CELLS; cells += STRETCH) {
      if (hash >= HASHES) return { items, next: null };
      const { entries, next } = this.#options.entries.walk(hash, STRETCH);
      let ofHash = 0;
      for (const entry of entries) {
        ofHash = entry.hash === hash ? ofHash + 1 : 1;
        if (entry.hash === hash && ofHash <= shown) continue;
        if (entry.hash !== hash) shown = 0;
        hash = entry.hash;
        const { key, value, expiresAtMs } = entry;
        if (key.startsWith(start) && (tag === undefined || value.tags.includes(tag))) {
          if (items.length === limit) return { items, next: hash * SAME_HASH + ofHash - 1 };
          items.push(this.#view(key, value, expiresAtMs));
        }
      }
      if (next === null) return { items, next: null };
      hash = next;
      shown = 0;
    }
    return { items, next: hash * SAME_HASH };
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
