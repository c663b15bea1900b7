import { median } from "../../shared/median.ts";
import type { Context } from "./assess.ts";
import type { LoadAt, MeanLoad } from "./growth-tests.ts";
import type { Horizons } from "./horizons.ts";
import type { Mark } from "./mark.ts";

/** What is known beside a channel's curve. The loads are worked out when something asks: most looks at a channel end before. */
export class WindowContext implements Context {
  readonly horizons: Horizons;
  readonly formerHigh: number;
  readonly dayKnown: boolean;
  readonly #marks: readonly Mark[];
  #loadAt: LoadAt | null | undefined;
  #meanLoad: MeanLoad | null | undefined;

  constructor(marks: readonly Mark[], horizons: Horizons, formerHigh: number, dayKnown: boolean) {
    this.#marks = marks;
    this.horizons = horizons;
    this.formerHigh = formerHigh;
    this.dayKnown = dayKnown;
  }

  /** The same window, judged by other horizons. */
  under(horizons: Horizons): WindowContext {
    return new WindowContext(this.#marks, horizons, this.formerHigh, this.dayKnown);
  }

  get age(): number {
    return (this.#marks.at(-1)?.at ?? -1) + 1;
  }

  get loadAt(): LoadAt | null {
    if (this.#loadAt === undefined) this.#loadAt = variableLoad(this.#marks);
    return this.#loadAt;
  }

  get meanLoad(): MeanLoad | null {
    if (this.#meanLoad === undefined) this.#meanLoad = meanLoadOf(this.#marks);
    return this.#meanLoad;
  }
}

/** Mean load between two marks; null where no request was told. */
function meanLoadOf(marks: readonly Mark[]): MeanLoad | null {
  if (!marks.some((mark) => mark.load > 0)) return null;
  return (from, to) => {
    let [count, total, squares] = [0, 0, 0];
    for (const { at, load } of marks) {
      if (at < from || at > to) continue;
      count += 1;
      total += load;
      squares += load * load;
    }
    const mean = total / Math.max(1, count);
    return { mean, error: Math.sqrt(Math.max(0, squares / Math.max(1, count) - mean * mean) / Math.max(1, count)) };
  };
}

/** The load around a mark, smoothed as widely as the curve's steps, if it varies by more than 15 %; else null. */
function variableLoad(marks: readonly Mark[]): ((at: number) => number) | null {
  const reach = 6;
  const first = marks[0]?.at ?? 0;
  const sums = new Float64Array(marks.length + 1);
  let least = Number.MAX_VALUE;
  let most = 0;
  for (let i = 0; i < marks.length; i++) {
    const load = marks[i]?.load ?? 0;
    sums[i + 1] = (sums[i] ?? 0) + load;
    least = Math.min(least, load);
    most = Math.max(most, load);
  }
  const varied = (spread: number, level: number) => spread > 0.15 * Math.max(1e-9, level);
  if (!varied(most - least, most)) return null;
  const smooth = (at: number) => {
    const from = Math.max(0, at - first - reach);
    const to = Math.min(marks.length, at - first + reach + 1);
    return ((sums[to] ?? 0) - (sums[from] ?? 0)) / Math.max(1, to - from);
  };
  const levels = marks.filter((_, i) => i % reach === 0).map((mark) => smooth(mark.at));
  return varied(Math.max(...levels) - Math.min(...levels), median(levels)) ? smooth : null;
}
