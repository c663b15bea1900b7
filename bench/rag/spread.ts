import { seededRandom } from "../workloads/random.ts";

const HALVES = 50;

/** Mean, and the least and largest mean over 50 random halves: what a choice of questions alone can change. */
export function withSpread(values: readonly number[]): string {
  const mean = (of: readonly number[]) => of.reduce((sum, value) => sum + value, 0) / of.length;
  const next = seededRandom(7);
  const halves = Array.from({ length: HALVES }, () => {
    const drawn = values.map((value) => ({ value, place: next() })).sort((a, b) => a.place - b.place);
    return mean(drawn.slice(0, Math.ceil(values.length / 2)).map(({ value }) => value));
  });
  return `${mean(values).toFixed(4)} (${Math.min(...halves).toFixed(3)}…${Math.max(...halves).toFixed(3)})`;
}
