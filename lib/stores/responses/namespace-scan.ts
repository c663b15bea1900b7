import type { Yielder } from "../../ports/bounded-store.ts";
import type { CachedEntry, CacheSelection, Listed, SortedPage, SortedPosition } from "../../ports/cache-store.ts";
import type { Clock } from "../../shared/clock.ts";
import type { BoundedEntries } from "../cache/bounded-entries.ts";
import type { WalkedEntry } from "../cache/entry-view.ts";
import { HASHES } from "../core/slot-table.ts";
import { type CachedResponse, hasTag, isStale, splitTags } from "./cached-response.ts";
import type { FillLeases } from "./fill-leases.ts";
import { TopEntries } from "./top-entries.ts";

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

const keyOf = (fullKey: string): string => fullKey.slice(fullKey.indexOf(SEPARATOR) + 1);

export const namespaceOf = (fullKey: string): string => fullKey.slice(0, fullKey.indexOf(SEPARATOR));

export interface ListPage extends CacheSelection {
  limit: number;
  /** Where to begin: 0, or the `next` of the page before. */
  from: number;
}

/** Entries of a namespace with any of the tags and a key that begins with the prefix. */
function isSelected(start: string, tags: readonly string[] | undefined, key: string, value: CachedResponse): boolean {
  return key.startsWith(start) && (tags === undefined || tags.some((tag) => hasTag(value.tags, tag)));
}

/** What a list is sorted by. Times are since the start: an age would change while the list is paged through. */
const FIGURES: Record<SortedPage["sort"], (entry: CachedResponse) => number> = {
  bytes: ({ body }) => body.identityBytes,
  age: ({ storedAtMs }) => -storedAtMs,
  hits: ({ hits }) => hits,
  lastUsed: ({ lastUsedMs }) => lastUsedMs,
};

interface Options {
  entries: BoundedEntries<CachedResponse>;
  leases: FillLeases;
  clock: Pick<Clock, "monotonicMs">;
  createYielder: () => Yielder;
  /** Of the last put. */
  lastSequence: () => number;
}

/** Looks through one namespace's responses, in the order of their keys' hashes: there is no index by prefix or tag, which every put would pay for. */
export class NamespaceScan {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Removes in slices what is there now; returns how many. What is put meanwhile stays. */
  async purge(namespace: string, which: CacheSelection): Promise<number> {
    this.#voidLeases(namespace, which);
    let removed = 0;
    await this.#visit(namespace, which, ({ key }) => {
      if (this.#options.entries.delete(key)) removed += 1;
    });
    return removed;
  }

  /** Removes in slices what there is now of all namespaces. */
  clear(): Promise<void> {
    return this.#visitAll(
      () => true,
      ({ key }) => void this.#options.entries.delete(key),
    );
  }

  /** As `purge`, but each entry stays until it would have ended anyway. */
  async markStale(namespace: string, which: CacheSelection): Promise<number> {
    this.#voidLeases(namespace, which);
    let marked = 0;
    await this.#visit(namespace, which, ({ value }) => {
      value.freshUntilMs = Math.min(value.freshUntilMs, this.#options.clock.monotonicMs());
      value.mayBeStale = true;
      marked += 1;
    });
    return marked;
  }

  /** A value that was read before a purge must not arrive after it. Of a key that is filled no tag is known. */
  #voidLeases(namespace: string, { prefix = "" }: CacheSelection): void {
    const start = fullKey(namespace, prefix);
    this.#options.leases.passOnAll((key) => key.startsWith(start));
  }

  /** What a purge would remove, and the bytes of its entries and bodies. */
  async measure(namespace: string, which: CacheSelection): Promise<{ count: number; bytes: number }> {
    const found = { count: 0, bytes: 0 };
    await this.#visit(namespace, which, ({ value, sizeBytes }) => {
      found.count += 1;
      found.bytes += sizeBytes + value.body.storedBytes;
    });
    return found;
  }

  /** Goes in slices through what is there now and still is when its turn comes. */
  #visit(
    namespace: string,
    { tags, prefix = "" }: CacheSelection,
    visit: (entry: WalkedEntry<CachedResponse>) => void,
  ): Promise<void> {
    const start = fullKey(namespace, prefix);
    return this.#visitAll((key, value) => isSelected(start, tags, key, value), visit);
  }

  async #visitAll(
    isMeant: (key: string, value: CachedResponse) => boolean,
    visit: (entry: WalkedEntry<CachedResponse>) => void,
  ): Promise<void> {
    const { entries, createYielder, lastSequence } = this.#options;
    const yielder = createYielder();
    const sequence = lastSequence();
    // By hash: while this waits, new bounds may build the index anew, and a slot number would mean another entry.
    for (let from: number | null = 0; from !== null; ) {
      const stretch: ReturnType<typeof entries.view.walk> = entries.view.walk(from, STRETCH);
      for (const entry of stretch.entries) {
        const { key, value } = entry;
        if (value.sequence > sequence || !isMeant(key, value)) continue;
        // It may have gone, or been put again, while this waited.
        if (entries.view.peek(key) === value) visit(entry);
        if (yielder.spent) await yielder.yield();
      }
      from = stretch.next;
      if (yielder.spent) await yielder.yield();
    }
  }

  async listSorted(
    namespace: string,
    { sort, order, limit, after, ...which }: SortedPage,
  ): Promise<Listed<SortedPosition>> {
    const nowMs = this.#options.clock.monotonicMs();
    const top = new TopEntries<WalkedEntry<CachedResponse>>({ limit, order, after });
    const figure = FIGURES[sort];
    await this.#visit(namespace, which, (entry) => {
      top.offer(figure(entry.value), keyOf(entry.key), entry);
    });
    const items = top.items.map(({ key, value }) => this.#view(key, value, nowMs));
    return { items, next: top.next };
  }

  /** `next` is null when there is no more; a page may be short of its limit before that. */
  list(namespace: string, { prefix = "", tags, limit, from }: ListPage): Listed<number> {
    const start = fullKey(namespace, prefix);
    const items: CachedEntry[] = [];
    const nowMs = this.#options.clock.monotonicMs();
    let hash = Math.floor(from / SAME_HASH);
    let shown = from % SAME_HASH;
    for (let cells = 0; cells < LIST_CELLS; cells += STRETCH) {
      if (hash >= HASHES) return { items, next: null };
      const { entries, next } = this.#options.entries.view.walk(hash, STRETCH);
      let ofHash = 0;
      for (const entry of entries) {
        ofHash = entry.hash === hash ? ofHash + 1 : 1;
        if (entry.hash === hash && ofHash <= shown) continue;
        if (entry.hash !== hash) shown = 0;
        hash = entry.hash;
        const { key, value } = entry;
        if (isSelected(start, tags, key, value)) {
          if (items.length === limit) return { items, next: hash * SAME_HASH + ofHash - 1 };
          items.push(this.#view(key, value, nowMs));
        }
      }
      if (next === null) return { items, next: null };
      hash = next;
      shown = 0;
    }
    return { items, next: hash * SAME_HASH };
  }

  #view(key: string, entry: CachedResponse, nowMs: number): CachedEntry {
    const { body, mediaType, hits, tags, meta, storedAtMs, freshUntilMs, lastUsedMs } = entry;
    return {
      key: keyOf(key),
      mediaType,
      bytes: body.identityBytes,
      storedBytes: body.storedBytes,
      encoding: body.encoding,
      etag: body.tag,
      ageMs: nowMs - storedAtMs,
      ttlLeftMs: Math.max(0, freshUntilMs - nowMs),
      isStale: isStale(entry, nowMs),
      unusedMs: Math.max(0, nowMs - lastUsedMs),
      hits,
      tags: splitTags(tags),
      meta: meta === "" ? null : meta,
    };
  }
}
