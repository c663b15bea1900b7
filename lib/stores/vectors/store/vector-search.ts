import type { StoredPoints, VectorRows } from "../../../ports/vector-rows.ts";
import { compileFilter, type Filter } from "../../../shared/filter.ts";
import type { Query } from "../codec/query.ts";
import { RowBatch } from "../codec/row-codec.ts";
import type { Candidate } from "../tiers/candidates.ts";
import { MemoryScan } from "../tiers/memory-scan.ts";
import type { Payload } from "../tiers/payload-arena.ts";
import { TopK } from "../tiers/top-k.ts";
import type { Collection, ReadGuard } from "./collection.ts";
import type { FilterMatches, RowSet } from "./filter-matches.ts";
import { storedPages } from "./stored-pages.ts";
import type { Turns } from "./turns.ts";

/** Cold candidates are re-scored in batches that grow: the first few usually settle the answer. */
const FIRST_READ = 16;
const LARGEST_READ = 512;

export interface SearchPlan {
  query: Query;
  k: number;
  /** The lowest rank that is a match. */
  floor: number;
  filter: Filter | null;
  /** Only these rows; null for all. */
  among: RowSet | null;
  /** Score every vector from its stored row; trust no bound. */
  exact: boolean;
}

type Allows = (row: number, slot: number) => boolean;

/** Takes a row that was read from disk into memory, where there is free room for it; false when there is no more. */
export type Keep = (row: number, batch: RowBatch, index: number, payload: Payload) => boolean;

/**
 * The best k of a collection, wherever its vectors are: codes in memory choose candidates, hot ones are re-scored in memory and cold ones from
 * their rows on disk, and what has no code is scored from disk as it is read.
 */
export class VectorSearch {
  readonly #rows: VectorRows;
  readonly #matches: FilterMatches;
  readonly #turns: Turns;
  readonly #collection: Collection;
  readonly #plan: SearchPlan;
  readonly #guard: ReadGuard;
  readonly #top: TopK;
  readonly #spare: number;
  #keep: Keep | null;
  #disturbed = false;

  /**
   * @param parts.keep is offered what had to be read from disk because memory had no code of it.
   * @param parts.spare candidates beyond k that the scan shall leave room for, as some may be gone when they are scored.
   */
  constructor(parts: {
    rows: VectorRows;
    matches: FilterMatches;
    turns: Turns;
    collection: Collection;
    plan: SearchPlan;
    guard: ReadGuard;
    keep: Keep;
    spare: number;
  }) {
    this.#rows = parts.rows;
    this.#matches = parts.matches;
    this.#turns = parts.turns;
    this.#collection = parts.collection;
    this.#plan = parts.plan;
    this.#guard = parts.guard;
    this.#keep = parts.keep;
    this.#spare = parts.spare;
    this.#top = new TopK(parts.plan.k, parts.plan.floor);
  }

  /**
   * Points that were counted among the best had been replaced or removed when they were scored, and others had been left out for them: the answer
   * may lack points that were there all the time.
   */
  get disturbed(): boolean {
    return this.#disturbed;
  }

  async run(): Promise<TopK> {
    const { filter, among, exact } = this.#plan;
    if (!filter) {
      await this.#search(among ? (row) => among.has(row) : () => true, exact);
      return this.#top;
    }
    // A vector cooled while the search ran has no metadata in memory: then the disk says what the filter takes.
    if (this.#collection.allHot && (await this.#searchByMetadata(filter))) return this.#top;
    const matching = await this.#matches.of(this.#collection, filter);
    await this.#search((row) => matching.has(row), exact);
    return this.#top;
  }

  /** Evaluates the filter for candidates alone: most vectors are out before anyone asks for their metadata. False: some had none. */
  async #searchByMetadata(filter: Filter): Promise<boolean> {
    const { memory } = this.#collection;
    const test = compileFilter(filter);
    let complete = true;
    const allows = (_row: number, slot: number) => {
      if (slot < 0 || !memory.isHot(slot)) {
        complete = false;
        return false;
      }
      const metadata = memory.metadataAt(slot);
      return test(metadata === null ? {} : JSON.parse(metadata));
    };
    await this.#search(allows, this.#plan.exact);
    return complete;
  }

  async #search(allows: Allows, exact: boolean): Promise<void> {
    const wholeDisk = exact && !this.#collection.allHot;
    const { coded } = this.#collection;
    const { sheds } = this.#collection.memory;
    if (!wholeDisk) await this.#searchMemory(allows, exact);
    // Codes that were released and have come back may lie where the scan had been: coded at the end alone says nothing.
    const covered = coded && sheds === this.#collection.memory.sheds && this.#collection.coded;
    if (wholeDisk || !covered) await this.#searchDisk(allows, wholeDisk);
  }

  async #searchMemory(allows: Allows, exact: boolean): Promise<void> {
    const { query, k, floor } = this.#plan;
    const { memory } = this.#collection;
    const width = exact ? Math.max(1, memory.count) : k + this.#spare;
    const lowest = exact ? Number.NEGATIVE_INFINITY : floor;
    const scan = new MemoryScan(memory.codes, query, { k: width, floor: lowest, allows });
    try {
      do if (this.#turns.spent) await this.#turns.yield();
      while (scan.step());
    } catch (error) {
      scan.abandon();
      throw error;
    }
    const candidates = scan.finish();
    const cold = await this.#scoreHot(candidates);
    await this.#scoreCold(cold);
    const { written } = this.#guard;
    const complete = exact || candidates.filter(({ row }) => written.has(row)).length <= this.#spare;
    if (!complete) this.#disturbed = true;
  }

  /** Re-scores candidates that are hot; returns those that are not, the most promising first. */
  async #scoreHot(candidates: Candidate[]): Promise<Candidate[]> {
    const { memory } = this.#collection;
    const { query } = this.#plan;
    const cold: Candidate[] = [];
    for (const [i, candidate] of candidates.entries()) {
      if (candidate.upper < this.#top.worst) break;
      if (i % 64 === 63) await this.#turns.share();
      const slot = memory.slotOf(candidate.row);
      if (slot < 0 || !memory.isHot(slot)) {
        cold.push(candidate);
        continue;
      }
      const rank = memory.rank(slot, query);
      if (!this.#top.wants(rank)) continue;
      const [id, metadata] = [memory.idAt(slot), memory.metadataAt(slot)];
      this.#top.offer({ row: candidate.row, rank, id, metadata, stored: null });
    }
    return cold;
  }

  async #scoreCold(candidates: Candidate[]): Promise<void> {
    let size = FIRST_READ;
    for (let from = 0; from < candidates.length; ) {
      const part = candidates.slice(from, from + size).filter(({ upper }) => upper >= this.#top.worst);
      if (part.length === 0) return;
      from += size;
      size = Math.min(LARGEST_READ, size * 2);
      const rows = part.map(({ row }) => row).sort((a, b) => a - b);
      await this.#score(await this.#rows.read(this.#collection.record.id, rows), () => true);
    }
  }

  /** Scores what memory did not cover. What came into memory since the search began was not covered either. */
  async #searchDisk(allows: Allows, everything: boolean): Promise<void> {
    const { memory, record, format } = this.#collection;
    const covered = (row: number) => !everything && memory.has(row) && !this.#guard.added.has(row);
    for await (const points of storedPages(this.#rows, record.id, format)) {
      const batch = await this.#score(points, (row) => !covered(row) && allows(row, -1));
      await this.#keepAll(points, batch);
    }
  }

  /** What was read anyway need not be read by the next search. */
  async #keepAll(points: StoredPoints, batch: RowBatch): Promise<void> {
    for (const [index, row] of points.rows.entries()) {
      if (!this.#keep) return;
      if (index % 64 === 63) await this.#turns.share();
      // What was written meanwhile is newer in memory than on this page, or gone.
      if (this.#guard.written.has(row) || this.#collection.memory.has(row)) continue;
      const payload = { id: points.ids[index] ?? "", metadata: points.metadata[index] ?? null };
      if (!this.#keep(row, batch, index, payload)) this.#keep = null;
    }
  }

  async #score(points: StoredPoints, wanted: (row: number) => boolean): Promise<RowBatch> {
    const { format } = this.#collection;
    const batch = new RowBatch(format, points.rows.length, points.bytes);
    for (const [index, row] of points.rows.entries()) {
      if (index % 64 === 63) await this.#turns.share();
      if (!wanted(row)) continue;
      const rank = batch.rank(index, this.#plan.query);
      if (!this.#top.wants(rank)) continue;
      const [id, metadata] = [points.ids[index] ?? "", points.metadata[index] ?? null];
      this.#top.offer({ row, rank, id, metadata, stored: { batch: batch.single(index), index: 0 } });
    }
    return batch;
  }
}
