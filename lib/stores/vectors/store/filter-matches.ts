import type { VectorRows } from "../../../ports/vector-rows.ts";
import type { Filter } from "../../../shared/filter.ts";
import type { Collection } from "./collection.ts";

/** Answers kept, of all collections together. */
export const MOST_KEPT = 8;
/** An answer that takes more is given to those who wait for it and not kept: all together are 2 MiB at most. */
const MOST_KEPT_BYTES = 256 * 1024;

/** Rows in ascending order. */
export class RowSet {
  readonly #rows: Float64Array;

  constructor(rows: readonly number[]) {
    this.#rows = Float64Array.from(rows).sort();
  }

  get bytes(): number {
    return this.#rows.byteLength;
  }

  get size(): number {
    return this.#rows.length;
  }

  /** O(log n). */
  has(row: number): boolean {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#rows[middle] ?? 0) < row) low = middle + 1;
      else high = middle;
    }
    return this.#rows[low] === row;
  }
}

interface Answer {
  readonly collection: Collection;
  readonly version: number;
  readonly filter: string;
  readonly rows: Promise<RowSet>;
}

/**
 * Which rows of a collection a filter takes, read from disk. One filter is evaluated at a time, since pages of several that arrive
 * in one turn of the event loop would hold it up together; who asks the same of an unchanged collection shares the answer.
 */
export class FilterMatches {
  readonly #rows: VectorRows;
  /** The last used comes last. */
  #kept: Answer[] = [];
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(rows: VectorRows) {
    this.#rows = rows;
  }

  get kept(): number {
    return this.#kept.length;
  }

  of(collection: Collection, filter: Filter): Promise<RowSet> {
    const key = JSON.stringify(filter);
    const { version } = collection;
    const known = this.#kept.find(
      (one) => one.collection === collection && one.version === version && one.filter === key,
    );
    const answer = known ?? { collection, version, filter: key, rows: this.#evaluate(collection, filter) };
    this.#keep(answer);
    if (!known) this.#forgetUnlessSmall(answer);
    return answer.rows;
  }

  #evaluate(collection: Collection, filter: Filter): Promise<RowSet> {
    const turn = this.#lastTurn.then(async () => new RowSet(await this.#rows.matching(collection.record.id, filter)));
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }

  #keep(answer: Answer): void {
    const others = this.#kept.filter((one) => one !== answer && isCurrent(one));
    this.#kept = [...others, answer].slice(-MOST_KEPT);
  }

  /** An answer that failed is not an answer. */
  #forgetUnlessSmall(answer: Answer): void {
    const forget = () => {
      this.#kept = this.#kept.filter((one) => one !== answer);
    };
    answer.rows.then((rows) => {
      if (rows.bytes > MOST_KEPT_BYTES) forget();
    }, forget);
  }
}

function isCurrent({ collection, version }: Answer): boolean {
  return !collection.dropped && collection.version === version;
}
