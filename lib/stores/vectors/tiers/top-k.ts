import type { RowBatch } from "../codec/row-codec.ts";
import type { Payload } from "./payload-arena.ts";

export interface Ranked extends Payload {
  row: number;
  rank: number;
  /** The stored row, where the match came from disk: what it takes to make it hot. */
  stored: { batch: RowBatch; index: number } | null;
}

/** The best k by rank, equal ranks by id: the same answer whatever order they came in. */
export class TopK {
  readonly #k: number;
  readonly #floor: number;
  readonly #entries: Ranked[] = [];

  /** @param floor the lowest rank that is a match. */
  constructor(k: number, floor: number) {
    this.#k = k;
    this.#floor = floor;
  }

  get entries(): readonly Ranked[] {
    return this.#entries;
  }

  /** A rank below this cannot enter; one equal to it may, by its id. */
  get worst(): number {
    const last = this.#entries[this.#k - 1];
    return last ? last.rank : this.#floor;
  }

  /** Whether a rank may enter: ask before you fetch what the entry takes. */
  wants(rank: number): boolean {
    return rank >= this.worst;
  }

  offer(entry: Ranked): void {
    if (!this.wants(entry.rank)) return;
    if (this.#entries.some(({ row }) => row === entry.row)) return;
    const last = this.#entries[this.#k - 1];
    if (last && !precedes(entry, last)) return;
    let at = this.#entries.length;
    while (at > 0 && precedes(entry, this.#entries[at - 1] ?? entry)) at--;
    this.#entries.splice(at, 0, entry);
    if (this.#entries.length > this.#k) this.#entries.pop();
  }
}

/** Ids compare by UTF-16 units: a total order that no locale changes. */
function precedes(a: Ranked, b: Ranked): boolean {
  return a.rank > b.rank || (a.rank === b.rank && a.id < b.id);
}
