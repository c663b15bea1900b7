/** What a request counts fades to 1/e after 10,000 more: long enough to be sure, short enough to follow a change of load. */
const FADING = 0.9999;

/** How much evidence a change of policy takes. */
export interface Evidence {
  /** A lead of fewer hits than this is none, however one-sided. */
  leastLead: number;
  /** Standard deviations that a lead must be away from chance. */
  significance: number;
}

/**
 * Compares contestants on the same requests, two at a time, by the requests that only one of them would have answered: among
 * equals those fall either way like coins, so that a lead of several standard deviations is evidence (McNemar's test, made
 * sequential by fading).
 */
export class PolicyContest {
  readonly #contestants: number;
  readonly #leastLead: number;
  readonly #significanceSquared: number;
  /** By pair (row, column): faded count of requests that only the row's contestant hit. */
  readonly #won: Float64Array;

  constructor(contestants: number, { leastLead, significance }: Evidence) {
    this.#contestants = contestants;
    this.#leastLead = leastLead;
    this.#significanceSquared = significance * significance;
    this.#won = new Float64Array(contestants * contestants);
  }

  /** Takes a request's hits as one bit a contestant; answers who should be in force: `present`, unless another is clearly better. */
  record(hits: number, present: number): number {
    const count = this.#contestants;
    const won = this.#won;
    for (let row = 0; row < count; row += 1) {
      for (let column = 0; column < count; column += 1) {
        const onlyRow = (hits >> row) & 1 & ~(hits >> column);
        won[row * count + column] = (won[row * count + column] as number) * FADING + onlyRow;
      }
    }
    let best = present;
    let bestLead = this.#leastLead;
    for (let other = 0; other < count; other += 1) {
      const wins = won[other * count + present] as number;
      const losses = won[present * count + other] as number;
      const lead = wins - losses;
      if (lead > bestLead && lead * lead > this.#significanceSquared * (wins + losses)) {
        best = other;
        bestLead = lead;
      }
    }
    return best;
  }
}
