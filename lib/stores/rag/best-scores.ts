export interface Scored {
  id: number;
  documentId: number;
  score: number;
}

/** The best `limit` of what is offered, in a binary heap with the worst on top: O(log limit) for one that gets in, O(1) else. */
export class BestScores {
  readonly #limit: number;
  readonly #heap: Scored[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  offer(id: number, documentId: number, score: number): void {
    const worst = this.#heap[0];
    if (this.#heap.length < this.#limit) {
      this.#heap.push({ id, documentId, score });
      this.#rise(this.#heap.length - 1);
    } else if (worst !== undefined && score > worst.score) {
      this.#heap[0] = { id, documentId, score };
      this.#sink(0);
    }
  }

  /** Best first; equal scores by id. */
  sorted(): Scored[] {
    return [...this.#heap].sort(byScore);
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#isWorse(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(from: number): void {
    for (let at = from; ; ) {
      const left = at * 2 + 1;
      const worseChild = left + 1 < this.#heap.length && this.#isWorse(left + 1, left) ? left + 1 : left;
      if (left >= this.#heap.length || !this.#isWorse(worseChild, at)) return;
      this.#swap(at, worseChild);
      at = worseChild;
    }
  }

  #isWorse(a: number, b: number): boolean {
    return (this.#heap[a]?.score ?? 0) < (this.#heap[b]?.score ?? 0);
  }

  #swap(a: number, b: number): void {
    const [left, right] = [this.#heap[a], this.#heap[b]];
    if (left === undefined || right === undefined) return;
    this.#heap[a] = right;
    this.#heap[b] = left;
  }
}

export function byScore(a: Scored, b: Scored): number {
  return b.score - a.score || a.id - b.id;
}
