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
  /** A number that stands beside each code; candidates tell it. */
  label?: Label;
}

export interface Label {
  /** The plane's column of doubles that it is in: behind columns of so many bytes a row. */
  before: number;
  /** Rows of other labels are not scanned; null: all are. */
  allows: ((label: number) => boolean) | null;
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
    const { label } = this.#options;
    if (this.#block >= this.#plane.blocks) return false;
    if (label?.allows) this.#scanRuns(label.before, label.allows);
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
  #scanRuns(before: number, allows: (label: number) => boolean): void {
    const start = this.#plane.slotsIn(this.#block);
    const end = Math.min(this.#plane.slotsIn(this.#block + 1), this.#plane.count);
    const { f64 } = this.#plane.viewsAt(start);
    const column = this.#plane.doubleAt(start, before) - start;
    const isWanted = (slot: number) => {
      for (let at = column + slot; at < column + slot + STREAMS; at++) if (allows(f64[at] ?? 0)) return true;
      return false;
    };
    for (let slot = start; slot < end; slot += STREAMS) {
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
    const { allows, label } = this.#options;
    for (let i = 0; i < finds.count; i++) {
      const upper = finds.uppers[i] ?? 0;
      if (upper < this.#candidates.threshold) continue;
      const slot = finds.slots[i] ?? 0;
      const value = label ? this.#plane.doubleIn(slot, label.before) : 0;
      if (label?.allows?.(value) === false) continue;
      const row = this.#plane.rowAt(slot);
      if (!allows(row, slot)) continue;
      const lower = this.#gone.has(row) ? null : (finds.lowers[i] ?? 0);
      this.#candidates.offer(row, value, lower, upper);
    }
  }
}
