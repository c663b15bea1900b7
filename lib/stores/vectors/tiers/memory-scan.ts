import { STREAMS } from "../codec/kernel.ts";
import type { Query } from "../codec/query.ts";
import { Finds, scanBlocks, scanSlots } from "./block-scan.ts";
import { type Candidate, Candidates } from "./candidates.ts";
import type { CodePlane, ScanUnderWay } from "./code-plane.ts";

/** A step reads its finds before it ends, so all scans share one. */
const finds = new Finds();

export interface ScanOptions {
  k: number;
  /** The lowest rank that is a match. */
  floor: number;
  /** Asked of what the scan has found. */
  allows(row: number, slot: number): boolean;
  /** Asked of every slot before it is scanned, where it is cheap to ask; all are, where this is not given. */
  looksAt?(slot: number): boolean;
  /** What its candidate is to tell of a row; 0 where this is not given. */
  labelOf?(slot: number): number;
}

/**
 * One search over the codes of a plane, block by block, so that its caller can give the event loop back in between.
 * It keeps every row whose rank could reach the k-th best lower bound: what it drops cannot be in the answer.
 */
export class MemoryScan implements ScanUnderWay {
  readonly #plane: CodePlane;
  readonly #query: Query;
  readonly #options: ScanOptions;
  readonly #candidates: Candidates;
  readonly #end: () => void;
  /** Seen, and gone since: should one come back, its lower bound has been counted. */
  readonly #gone = new Set<number>();
  #block = 0;

  constructor(plane: CodePlane, query: Query, options: ScanOptions) {
    this.#plane = plane;
    this.#query = query;
    this.#options = options;
    this.#candidates = new Candidates(options.k, options.floor);
    this.#end = plane.beginScan(this);
  }

  /** Scans the next few blocks; false when there were none left. */
  step(): boolean {
    const { looksAt } = this.#options;
    if (this.#block >= this.#plane.blocks) return false;
    if (looksAt) this.#scanRuns(looksAt);
    else {
      this.#block += scanBlocks(this.#plane, this.#block, this.#query, this.#candidates.threshold, finds);
      this.#offerFinds();
    }
    return true;
  }

  /** A removal has moved a row from one slot to another: if that takes it past the scan unseen, it is looked at where it is. */
  moved(from: number, to: number): void {
    const seenUpTo = this.#plane.slotsIn(this.#block);
    if (from < seenUpTo || to >= seenUpTo) return;
    this.#scanSlots(to, 1);
  }

  /** A row leaves memory. */
  removed(slot: number, row: number): void {
    if (slot < this.#plane.slotsIn(this.#block)) this.#gone.add(row);
  }

  /** Ends the scan: the candidates, the most promising first. */
  finish(): Candidate[] {
    this.#end();
    return this.#candidates.sorted();
  }

  /** Ends the scan without an answer. */
  abandon(): void {
    this.#end();
  }

  /** Scans one block, but only the runs of fours with a slot that is to be looked at: the kernel takes four rows at a time. */
  #scanRuns(looksAt: (slot: number) => boolean): void {
    const end = Math.min(this.#plane.slotsIn(this.#block + 1), this.#plane.count);
    const isWanted = (slot: number) => looksAt(slot) || looksAt(slot + 1) || looksAt(slot + 2) || looksAt(slot + 3);
    for (let slot = this.#plane.slotsIn(this.#block); slot < end; slot += STREAMS) {
      const first = slot;
      while (slot < end && isWanted(slot)) slot += STREAMS;
      if (slot > first) this.#scanSlots(first, Math.min(slot, end) - first);
    }
    this.#block++;
  }

  #scanSlots(first: number, count: number): void {
    scanSlots(this.#plane, first, count, this.#query, this.#candidates.threshold, finds);
    this.#offerFinds();
  }

  #offerFinds(): void {
    const { allows, labelOf, looksAt } = this.#options;
    for (let i = 0; i < finds.count; i++) {
      const upper = finds.uppers[i] ?? 0;
      if (upper < this.#candidates.threshold) continue;
      const slot = finds.slots[i] ?? 0;
      if (looksAt?.(slot) === false) continue;
      const row = this.#plane.rowAt(slot);
      if (!allows(row, slot)) continue;
      const lower = this.#gone.has(row) ? null : (finds.lowers[i] ?? 0);
      this.#candidates.offer(row, labelOf?.(slot) ?? 0, lower, upper);
    }
  }
}
