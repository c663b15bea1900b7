import type { CachedEntry, CacheSelection, Encoding, Listed, SortedPage } from "../../ports/cache-store.ts";
import type { RedisArgument } from "./redis-client.ts";
import type { RedisScript } from "./redis-connection.ts";
import { BEGIN_PURGE, FIGURES, LIST, MARK_STALE, MEASURE, PURGE, VIEWS } from "./response-walk-lua.ts";

/** Entries that one script looks at: about a millisecond of Redis. */
const STRETCH = 256;
/** Stretches for one page of a list, which may be short then. */
const LIST_STRETCHES = 32;
/** A position is a hash, and how many of its entries were shown: two keys of one hash are rare, and never so many. */
const SAME_HASH = 1_024;
const ALL_VERSIONS = "inf";

type Fields = readonly unknown[];
/** Where a walk is; null at its end. */
type Position = readonly [hash: number, met: number] | null;

interface Parts {
  script(lua: string): RedisScript;
  /** Instead of the time of Redis; empty for that. */
  now(): string;
  onGone(namespace: string, key: string): void;
}

/** One index to walk through. */
interface Walk {
  namespace: string;
  script: RedisScript;
  /** Empty: the index of the namespace. */
  tag: string;
  prefix: string;
  some: readonly string[];
  none: readonly string[];
  upTo: string;
}

/** Goes through the responses of a namespace in Redis, a stretch at a time, so that nobody else waits for long. */
export class ResponseWalks {
  readonly #parts: Parts;
  readonly #scripts: Readonly<
    Record<"begin" | "purge" | "stale" | "measure" | "list" | "figures" | "views", RedisScript>
  >;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { script } = parts;
    this.#scripts = {
      begin: script(BEGIN_PURGE),
      purge: script(PURGE),
      stale: script(MARK_STALE),
      measure: script(MEASURE),
      list: script(LIST),
      figures: script(FIGURES),
      views: script(VIEWS),
    };
  }

  /** Removes what is there now; returns how many. What is put meanwhile stays. */
  purge(namespace: string, what: CacheSelection): Promise<number> {
    return this.#change(this.#scripts.purge, namespace, what);
  }

  markStale(namespace: string, what: CacheSelection): Promise<number> {
    return this.#change(this.#scripts.stale, namespace, what);
  }

  async measure(namespace: string, what: CacheSelection): Promise<{ count: number; bytes: number }> {
    const sum = { count: 0, bytes: 0 };
    await this.#visit(this.#scripts.measure, namespace, what, ALL_VERSIONS, ([count, bytes]) => {
      sum.count += Number(count);
      sum.bytes += Number(bytes);
    });
    return sum;
  }

  async list(
    namespace: string,
    { prefix = "", tags, limit, from }: CacheSelection & { limit: number; from: number },
  ): Promise<Listed<number>> {
    if (tags?.length === 0) return { items: [], next: null };
    // The index of a single tag is the shorter way to what has it.
    const [only] = tags?.length === 1 ? tags : [];
    const some = only === undefined ? (tags ?? []) : [];
    const walk = { namespace, script: this.#scripts.list, tag: only ?? "", prefix, some, none: [], upTo: ALL_VERSIONS };
    const items: CachedEntry[] = [];
    let at: Position = [Math.floor(from / SAME_HASH), from % SAME_HASH];
    for (let stretch = 0; stretch < LIST_STRETCHES && at !== null && items.length < limit; stretch++) {
      const reply: [Position, Fields] = await this.#stretch(walk, at, limit - items.length);
      for (const fields of reply[1][0] as readonly Fields[]) items.push(toEntry(fields));
      at = reply[0];
    }
    return { items, next: at === null ? null : at[0] * SAME_HASH + at[1] };
  }

  /** Offers the figure to sort by of every entry that is selected. Times are since 1970; an age counts backwards. */
  async figures(
    namespace: string,
    { sort, ...what }: CacheSelection & Pick<SortedPage, "sort">,
    offer: (figure: number, key: string) => void,
  ): Promise<void> {
    const take = ([figures]: Fields): void => {
      const flat = figures as Fields;
      for (let at = 0; at + 1 < flat.length; at += 2) offer(Number(flat[at + 1]), String(flat[at]));
    };
    await this.#visit(this.#scripts.figures, namespace, what, ALL_VERSIONS, take, sort);
  }

  /** Those of these entries that there are. */
  async views(namespace: string, keys: readonly string[]): Promise<CachedEntry[]> {
    if (keys.length === 0) return [];
    const shown = (await this.#scripts.views([], [this.#parts.now(), namespace, ...keys])) as readonly Fields[];
    return shown.map(toEntry);
  }

  async #change(script: RedisScript, namespace: string, what: CacheSelection): Promise<number> {
    const begun = (await this.#scripts.begin([], [this.#parts.now(), namespace, what.prefix ?? ""])) as Fields;
    this.#tell(begun[1]);
    let changed = 0;
    await this.#visit(script, namespace, what, String(begun[0]), ([gone]) => {
      this.#tell(gone);
      changed += (gone as Fields).length / 2;
    });
    return changed;
  }

  /** Every stretch of what is selected: by the indexes of its tags, or that of the namespace. */
  async #visit(
    script: RedisScript,
    namespace: string,
    { tags, prefix = "" }: CacheSelection,
    upTo: string,
    visit: (answer: Fields) => void,
    ...more: readonly RedisArgument[]
  ): Promise<void> {
    for (const [index, tag] of (tags ?? [""]).entries()) {
      // What has an earlier tag was met there.
      const none = tags?.slice(0, index) ?? [];
      const walk = { namespace, script, tag, prefix, some: [], none, upTo };
      for (let at: Position = [0, 0]; at !== null; ) {
        const reply: [Position, Fields] = await this.#stretch(walk, at, ...more);
        visit(reply[1]);
        at = reply[0];
      }
    }
  }

  async #stretch(
    { namespace, script, tag, prefix, some, none, upTo }: Walk,
    [hash, met]: NonNullable<Position>,
    ...more: readonly RedisArgument[]
  ): Promise<[Position, Fields]> {
    const position = [tag, hash, met, STRETCH, prefix];
    const filter = [JSON.stringify(some), JSON.stringify(none), upTo];
    const reply = await script([], [this.#parts.now(), namespace, ...position, ...filter, ...more]);
    const [next, ...answer] = reply as [Fields, ...Fields];
    return [next.length === 0 ? null : [Number(next[0]), Number(next[1])], answer];
  }

  #tell(gone: unknown): void {
    const pairs = gone as Fields;
    for (let at = 0; at + 1 < pairs.length; at += 2) this.#parts.onGone(String(pairs[at]), String(pairs[at + 1]));
  }
}

function toEntry(fields: Fields): CachedEntry {
  const [key, mediaType, bytes, storedBytes, encoding, etag, ageMs, freshForMs, ...more] = fields;
  const [mayBeStale, unusedMs, hits, tags, meta] = more.map(String);
  return {
    key: String(key),
    mediaType: String(mediaType),
    bytes: Number(bytes),
    storedBytes: Number(storedBytes),
    // It is as it was put: see `SharedPut`.
    encoding: String(encoding) as Encoding,
    etag: String(etag),
    ageMs: Number(ageMs),
    ttlLeftMs: Math.max(0, Number(freshForMs)),
    isStale: mayBeStale === "1" && Number(freshForMs) <= 0,
    unusedMs: Math.max(0, Number(unusedMs)),
    hits: Number(hits),
    tags: tags === "" || tags === undefined ? [] : tags.split(","),
    meta: meta === "" || meta === undefined ? null : meta,
  };
}
