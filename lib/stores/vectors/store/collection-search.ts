import type { SearchRequest } from "../../../ports/vector-index.ts";
import type { VectorRows } from "../../../ports/vector-rows.ts";
import type { Clock } from "../../../shared/clock.ts";
import type { Filter } from "../../../shared/filter.ts";
import type { StoreCounters } from "../../core/store-counters.ts";
import type { Query } from "../codec/query.ts";
import type { RowBatch } from "../codec/row-codec.ts";
import type { Payload } from "../tiers/payload-arena.ts";
import type { Ranked } from "../tiers/top-k.ts";
import type { VectorMemory } from "../tiers/vector-memory.ts";
import type { Collection, ReadGuard } from "./collection.ts";
import type { FilterMatches, RowSet } from "./filter-matches.ts";
import type { Turns } from "./turns.ts";
import { type Keep, type SearchPlan, VectorSearch } from "./vector-search.ts";

const DEFAULT_K = 10;
/** A search begins again when what it had counted on is written meanwhile, each time with more to spare. */
const ATTEMPTS = 5;

interface Parts {
  rows: VectorRows;
  memory: VectorMemory;
  matches: FilterMatches;
  turns: Turns;
  clock: Clock;
  counters: StoreCounters;
}

/** Searches a collection, again where writes came between, and keeps hot what was found. */
export class CollectionSearch {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The best matches with how many vectors were hot: each counts as used. */
  async search(collection: Collection, query: Query, request: SearchRequest) {
    const hot = collection.memory.hotCount;
    const tier = { hot, cold: collection.count - hot };
    collection.searches++;
    collection.memory.searchedAtMs = this.#parts.clock.monotonicMs();
    this.#parts.memory.used(collection.memory);
    const plan = {
      query,
      k: request.k ?? DEFAULT_K,
      floor: query.rankFloor(request.minScore),
      filter: request.filter ?? null,
      among: null,
      exact: request.exact ?? false,
    };
    const use = (entry: Ranked, written: ReadonlySet<number>) => this.#use(collection, entry, written);
    return { tier, found: await this.#run(collection, plan, use) };
  }

  /** A search that is nobody's use of the vectors: it pushes nothing out and counts nowhere. */
  rank(collection: Collection, query: Query, k: number, among: RowSet | null) {
    const plan = { query, k, floor: Number.NEGATIVE_INFINITY, filter: null, among, exact: false };
    return this.#run(collection, plan, () => undefined);
  }

  /** The best matches; `use` is called for each while it is still known what was written since the search began. */
  #run(collection: Collection, plan: SearchPlan, use: (entry: Ranked, written: ReadonlySet<number>) => void) {
    const search = async (): Promise<readonly Ranked[]> => {
      let spare = 0;
      for (let attempt = 1; ; attempt++) {
        const guard = collection.guard();
        try {
          const found = await this.#searchOnce(collection, plan, guard, spare);
          if (found.disturbed && attempt < ATTEMPTS) {
            spare = 2 * spare + guard.written.size;
            continue;
          }
          for (const entry of found.entries) use(entry, guard.written);
          return found.entries;
        } finally {
          guard.release();
        }
      }
    };
    return collection.coded ? search() : collection.inTurn(search);
  }

  async #searchOnce(collection: Collection, plan: SearchPlan, guard: ReadGuard, spare: number) {
    const keep: Keep = (row, batch, index, payload) => {
      if (collection.dropped || !this.#parts.memory.warm(collection.memory, row, batch, index, payload)) return false;
      collection.added(row, guard);
      return true;
    };
    const { rows, matches, turns } = this.#parts;
    const search = new VectorSearch({ rows, matches, turns, collection, guard, keep, plan, spare });
    const { entries } = await search.run();
    return { entries, disturbed: search.disturbed };
  }

  /** A returned vector is used: a hot one moves to the front, a cold one becomes hot unless it was written since it was read. */
  #use(collection: Collection, entry: Ranked, written: ReadonlySet<number>): void {
    if (!entry.stored) {
      collection.hits++;
      this.#parts.counters.hit();
      const slot = collection.memory.slotOf(entry.row);
      if (slot >= 0) collection.memory.touch(slot);
      return;
    }
    collection.misses++;
    this.#parts.counters.miss();
    if (collection.dropped || written.has(entry.row)) return;
    this.admit(collection, entry.row, entry.stored.batch, entry.stored.index, entry);
  }

  /** A vector that was written or found is hot from now on. */
  admit(collection: Collection, row: number, batch: RowBatch, index: number, payload: Payload): void {
    if (!collection.memory.has(row)) collection.added(row);
    this.#parts.memory.admit(collection.memory, row, batch, index, payload);
  }

  /** The rows that a filter takes. */
  matching(collection: Collection, filter: Filter): Promise<RowSet> {
    return this.#parts.matches.of(collection, filter);
  }
}
