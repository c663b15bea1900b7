import type { Mark } from "./mark.ts";

/** Hours kept: a week, so that a Monday is no leak. */
const MAX_HOURS = 168;
const HOUR_MS = 3_600_000;
/** A whole day has been seen after so many hours. */
const DAY_HOURS = 24;

/** What was done at about this time of the day before, a nightly job say, began in the hours from so long ago to so long ago. */
const SAME_TIME_MS = [23 * HOUR_MS, 26 * HOUR_MS] as const;

interface Hour {
  startMs: number;
  /** Of its last reading. */
  lastMs: number;
  low: number;
  high: number;
}

/**
 * The level that a channel held hour by hour, for a week: what memory climbs back to is no news. Of an hour the lowest counts, which is what
 * was held all through it: one burst is no level, and must not hide a leak below it for a week. Holds at most 168 pairs of numbers.
 */
export class DayLevels {
  #hours: Hour[] = [];
  #beganMs = Number.NaN;

  push(mark: Mark): void {
    if (Number.isNaN(this.#beganMs)) this.#beganMs = mark.atMs;
    const level = mark.exact ?? mark.low;
    const open = this.#hours.at(-1);
    if (!open || mark.atMs - open.startMs >= HOUR_MS) {
      this.#hours.push({ startMs: mark.atMs, lastMs: mark.atMs, low: level, high: level });
      if (this.#hours.length > MAX_HOURS) this.#hours.shift();
      return;
    }
    open.lastMs = mark.atMs;
    open.low = Math.min(open.low, level);
    open.high = Math.max(open.high, level);
  }

  /** Whether a day had been seen by then. */
  knowsDay(atMs: number): boolean {
    return atMs - this.#beganMs >= DAY_HOURS * HOUR_MS;
  }

  /** The highest level held through one of the hours that ended before then; -Infinity without one. */
  highBefore(atMs: number): number {
    let high = Number.NEGATIVE_INFINITY;
    for (const [at, hour] of this.#hours.entries())
      if (hour.startMs + HOUR_MS <= atMs) high = Math.max(high, this.#heldThrough(hour, at));
    return high;
  }

  /** One reading says nothing of a whole hour: then a neighbouring hour must have been as high. */
  #heldThrough(hour: Hour, at: number): number {
    if (hour.lastMs - hour.startMs >= HOUR_MS / 2) return hour.low;
    const beside = [this.#hours[at - 1]?.low, this.#hours[at + 1]?.low].filter((low) => low !== undefined);
    return beside.length === 0 ? hour.low : Math.min(hour.low, Math.max(...beside));
  }

  /** The highest level reached a day before then, give or take an hour; -Infinity where nothing is known of it. */
  highDayBefore(atMs: number): number {
    const [from, to] = SAME_TIME_MS;
    let high = Number.NEGATIVE_INFINITY;
    for (const hour of this.#hours)
      if (atMs - hour.startMs >= from && atMs - hour.startMs <= to) high = Math.max(high, hour.high);
    return high;
  }
}
