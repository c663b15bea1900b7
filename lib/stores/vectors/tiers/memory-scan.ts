import type { Query } from "../codec/query.ts";
import { Finds } from "./code-plane.ts";
import type { CollectionMemory } from "./collection-memory.ts";

/** A step reads its finds before it ends, so all scans share one. */
const finds = new Finds();

/** A row that may be among the best: its rank is at most `upper`. */
export interface Candidate {
  row: number;
  upper: number;
}

/**
 * One search over the codes of a collection, block by block, so that its caller can give the event loop back in between.
 * It keeps every row whose rank could reach the k-th best lower bound: what it drops cannot be in the answer.
 */
export class MemoryScan {
  readonly #memory: CollectionMemory;
  readonly #query: Query;
  readonly #lower: BestOf;
  readonly #floor: number;
  readonly #allows: (row: number, slot: number) => boolean;
  readonly #end: () => void;
  readonly #rows: number[] = [];
  readonly #uppers: number[] = [];
  /** Seen, and gone since: should one come back, its lower bound has been counted. */
  readonly #gone = new Set<number>();
  #pruneAt = 4_096;
  #block = 0;

  constructor(
    memory: CollectionMemory,
    query: Query,
    options: { k: number; floor: number; allows: (row: number, slot: number) => boolean },
  ) {
    this.#memory = memory;
    this.#query = query;
    this.#floor = options.floor;
    this.#lower = new BestOf(options.k);
    this.#allows = options.allows;
    this.#end = memory.beginScan(this);
  }

  /** Scans the next few blocks; false when there were none left. */
  step(): boolean {
    const { codes } = this.#memory;
    if (this.#block >= codes.blocks) return false;
    this.#block += codes.scan(this.#block, this.#query, this.#threshold, finds);
    for (let i = 0; i < finds.count; i++) {
      const upper = finds.uppers[i] ?? 0;
      if (upper < this.#threshold) continue;
      const slot = finds.slots[i] ?? 0;
      const row = codes.rowAt(slot);
      if (!this.#allows(row, slot)) continue;
      this.#rows.push(row);
      this.#uppers.push(upper);
      if (!this.#gone.has(row)) this.#lower.offer(finds.lowers[i] ?? 0);
    }
    if (this.#rows.length > this.#pruneAt) this.#prune();
    return true;
  }

  /** A removal has moved `row` from one slot to another: if that takes it past the scan unseen, it is a candidate as it is. */
  moved(from: number, to: number, row: number): void {
    const seenUpTo = this.#memory.codes.slotsIn(this.#block);
    if (from < seenUpTo || to >= seenUpTo || !this.#allows(row, to)) return;
    this.#rows.push(row);
    this.#uppers.push(Number.POSITIVE_INFINITY);
  }

  /** A row leaves memory. */
  removed(slot: number, row: number): void {
    if (slot < this.#memory.codes.slotsIn(this.#block)) this.#gone.add(row);
  }

  /** Ends the scan: the candidates, the most promising first. */
  finish(): Candidate[] {
    this.#end();
    this.#prune();
    const candidates = this.#rows.map((row, i) => ({ row, upper: this.#uppers[i] ?? 0 }));
    return candidates.sort((a, b) => b.upper - a.upper);
  }

  /** Ends the scan without an answer. */
  abandon(): void {
    this.#end();
  }

  get #threshold(): number {
    return Math.max(this.#floor, this.#lower.worst);
  }

  #prune(): void {
    const threshold = this.#threshold;
    let kept = 0;
    for (let i = 0; i < this.#rows.length; i++) {
      if (!((this.#uppers[i] ?? 0) >= threshold)) continue;
      this.#rows[kept] = this.#rows[i] ?? 0;
      this.#uppers[kept++] = this.#uppers[i] ?? 0;
    }
    this.#rows.length = kept;
    this.#uppers.length = kept;
    this.#pruneAt = Math.max(4_096, this.#rows.length * 2);
  }
}

/** The largest k numbers offered, as a binary heap with the smallest on top. O(log k) an offer. */
export class BestOf {
  readonly #heap: Float64Array;
  #size = 0;

  constructor(k: number) {
    this.#heap = new Float64Array(k);
  }

  /** The k-th largest so far; -Infinity until there are k. */
  get worst(): number {
    return this.#size < this.#heap.length ? Number.NEGATIVE_INFINITY : (this.#heap[0] ?? 0);
  }

  offer(value: number): void {
    if (this.#size < this.#heap.length) this.#rise(this.#size++, value);
    else if (value > (this.#heap[0] ?? 0)) this.#sink(value);
  }

  #rise(from: number, value: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#heap[parent] ?? 0) <= value) break;
      this.#heap[at] = this.#heap[parent] ?? 0;
      at = parent;
    }
    this.#heap[at] = value;
  }

  #sink(value: number): void {
    let at = 0;
    for (let child = 1; child < this.#size; child = 2 * at + 1) {
      const right = child + 1;
      const smaller = right < this.#size && (this.#heap[right] ?? 0) < (this.#heap[child] ?? 0) ? right : child;
      if ((this.#heap[smaller] ?? 0) >= value) break;
      this.#heap[at] = this.#heap[smaller] ?? 0;
      at = smaller;
    }
    this.#heap[at] = value;
  }
}
