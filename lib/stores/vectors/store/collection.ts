import type { CollectionRecord, StoredError } from "../../../ports/vector-rows.ts";
import { type RowFormat, rowFormat } from "../codec/row-format.ts";
import type { CollectionMemory } from "../tiers/collection-memory.ts";

/** What changed while somebody was reading from disk: what was read of these rows may be old, or gone. */
export interface ReadGuard {
  /** Rows written or removed. */
  readonly written: ReadonlySet<number>;
  /** Rows that came into memory. */
  readonly added: ReadonlySet<number>;
  release(): void;
}

/** A collection as the store runs it: its record, its number of points, what memory holds of it, and its figures. */
export class Collection {
  readonly record: CollectionRecord;
  readonly format: RowFormat;
  readonly memory: CollectionMemory;
  readonly #guards = new Set<{ written: Set<number>; added: Set<number> }>();
  #lastTurn: Promise<unknown> = Promise.resolve();
  count: number;
  hits = 0;
  misses = 0;
  searches = 0;
  dropped = false;
  /** What was measured last; null before that. */
  measuredRecall: number | null = null;
  /** Grows with every row that is written or removed. */
  version = 0;
  measured: number;
  errorSum: number;
  errorMax: number;

  constructor(
    record: CollectionRecord,
    stored: StoredError & { count: number },
    open: (format: RowFormat) => CollectionMemory,
  ) {
    this.record = record;
    this.format = rowFormat(record);
    this.memory = open(this.format);
    this.count = stored.count;
    this.measured = stored.measured;
    this.errorSum = stored.errorSum;
    this.errorMax = stored.errorMax;
  }

  /** What a committed write has told of its error. */
  measure({ measured, errorSum, errorMax }: StoredError): void {
    this.measured += measured;
    this.errorSum += errorSum;
    this.errorMax = Math.max(this.errorMax, errorMax);
  }

  /** Every point has a code in memory: a search need not scan the disk. */
  get coded(): boolean {
    return this.memory.count >= this.count;
  }

  /** Every point is hot: ids and metadata too are in memory. */
  get allHot(): boolean {
    return this.memory.hotCount >= this.count;
  }

  guard(): ReadGuard {
    const [written, added] = [new Set<number>(), new Set<number>()];
    const guard = { written, added, release: () => void this.#guards.delete(guard) };
    this.#guards.add(guard);
    return guard;
  }

  /** Tells readers that a row has changed on disk. */
  wrote(row: number): void {
    this.version++;
    for (const guard of this.#guards) guard.written.add(row);
  }

  /** Tells readers, but for the one who brought it, that a row has come into memory. */
  added(row: number, by?: ReadGuard): void {
    for (const guard of this.#guards) if (guard.added !== by?.added) guard.added.add(row);
  }

  /** Runs one search after another: the first reads the disk, and those behind it find in memory what it read. */
  inTurn<Value>(search: () => Promise<Value>): Promise<Value> {
    const turn = this.#lastTurn.then(search);
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }
}

/** Neither part may hold a control character, so no two pairs share a key. */
export function keyOf(namespace: string, name: string): string {
  return `${namespace}\n${name}`;
}
