import type { SortedPosition } from "../../ports/cache-store.ts";

interface Options {
  limit: number;
  order: "asc" | "desc";
  /** The last of the page before; null for the first page. */
  after: SortedPosition | null;
}

interface Placed<T> {
  figure: number;
  key: string;
  item: T;
}

/** A page of a sorted list: of all that is offered, the first `limit` behind a position. Equal figures go by their keys. */
export class TopEntries<T> {
  readonly #options: Options;
  readonly #sign: 1 | -1;
  /** In order; one more than the page, which tells whether there is another. */
  readonly #placed: Placed<T>[] = [];

  constructor(options: Options) {
    this.#options = options;
    this.#sign = options.order === "asc" ? 1 : -1;
  }

  get items(): T[] {
    return this.#placed.slice(0, this.#options.limit).map(({ item }) => item);
  }

  get next(): SortedPosition | null {
    const last = this.#placed[this.#options.limit - 1];
    return last && this.#placed.length > this.#options.limit ? [last.figure, last.key] : null;
  }

  offer(figure: number, key: string, item: T): void {
    const { limit, after } = this.#options;
    if (after && this.#compare(figure, key, ...after) <= 0) return;
    const last = this.#placed[limit];
    if (last && this.#compare(figure, key, last.figure, last.key) >= 0) return;
    this.#placed.splice(this.#place(figure, key), 0, { figure, key, item });
    if (this.#placed.length > limit + 1) this.#placed.pop();
  }

  #place(figure: number, key: string): number {
    let low = 0;
    let high = this.#placed.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { figure: itsFigure, key: itsKey } = this.#placed[middle] as Placed<T>;
      if (this.#compare(itsFigure, itsKey, figure, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compare(figure: number, key: string, otherFigure: number, otherKey: string): number {
    if (figure !== otherFigure) return (figure < otherFigure ? -1 : 1) * this.#sign;
    return key === otherKey ? 0 : (key < otherKey ? -1 : 1) * this.#sign;
  }
}
