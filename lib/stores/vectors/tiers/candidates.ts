/** A row that may be among the best: its rank is at most `upper`. */
export interface Candidate {
  row: number;
  /** What the caller said of the row. */
  label: number;
  upper: number;
}

/** The rows whose rank could reach the k-th best lower bound, and the floor: what is left out cannot be among the best k. */
export class Candidates {
  readonly #floor: number;
  readonly #lower: BestOf;
  readonly #rows: number[] = [];
  readonly #labels: number[] = [];
  readonly #uppers: number[] = [];
  #pruneAt = 4_096;

  constructor(k: number, floor: number) {
    this.#floor = floor;
    this.#lower = new BestOf(k);
  }

  /** A row whose upper bound is below this cannot enter. */
  get threshold(): number {
    return Math.max(this.#floor, this.#lower.worst);
  }

  /** @param lower null for a row whose lower bound has been counted before. */
  offer(row: number, label: number, lower: number | null, upper: number): void {
    this.#rows.push(row);
    this.#labels.push(label);
    this.#uppers.push(upper);
    if (lower !== null) this.#lower.offer(lower);
    if (this.#rows.length > this.#pruneAt) this.#prune();
  }

  /** The most promising first, equal ones by row. */
  sorted(): Candidate[] {
    this.#prune();
    const candidates = this.#rows.map((row, i) => ({
      row,
      label: this.#labels[i] ?? 0,
      upper: this.#uppers[i] ?? 0,
    }));
    return candidates.sort((a, b) => b.upper - a.upper || a.row - b.row);
  }

  #prune(): void {
    const { threshold } = this;
    let kept = 0;
    for (let i = 0; i < this.#rows.length; i++) {
      if (!((this.#uppers[i] ?? 0) >= threshold)) continue;
      this.#rows[kept] = this.#rows[i] ?? 0;
      this.#labels[kept] = this.#labels[i] ?? 0;
      this.#uppers[kept++] = this.#uppers[i] ?? 0;
    }
    this.#rows.length = kept;
    this.#labels.length = kept;
    this.#uppers.length = kept;
    this.#pruneAt = Math.max(4_096, kept * 2);
  }
}

/** The largest k numbers offered, as a binary heap with the smallest on top. O(log k) an offer. */
class BestOf {
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
