import type { Reading } from "../advice/forecast.ts";

const MAX_READINGS = 2_880;

/**
 * What this process has used since it started, at most 2,880 readings: when they are full, the older half is merged in
 * pairs, so that the last hours stay fine and weeks still fit. Earlier processes are not in it: a restart is no trend.
 */
export class UsageHistory {
  #readings: Reading[] = [];

  get readings(): readonly Reading[] {
    return this.#readings;
  }

  add(reading: Reading): void {
    this.#readings.push(reading);
    if (this.#readings.length > MAX_READINGS) this.#thin();
  }

  #thin(): void {
    const half = this.#readings.length - (this.#readings.length % 2) - MAX_READINGS / 2;
    const older = this.#readings.slice(0, half);
    // The higher of the two: it is a peak that touches the limit.
    const merged = older.flatMap((reading, at) => {
      const next = older[at + 1];
      if (at % 2 === 1) return [];
      return [next && next.usedBytes > reading.usedBytes ? next : reading];
    });
    this.#readings = [...merged, ...this.#readings.slice(half)];
  }
}
