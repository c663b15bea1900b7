import { median } from "../../shared/median.ts";
import { type Point, type Trend, theilSen } from "../statistics.ts";
import type { Horizons } from "./horizons.ts";
import type { Mark } from "./mark.ts";
import { scatters } from "./support-trend.ts";

const LEAST_READINGS = 6;
/** Of the readings' scatter, what may remain once the batch is taken off: where more does, it was not the batch that scattered them. */
const MOST_SCATTER = 0.25;
/** Kendall's z of six readings of which one pair is out of order: one set in a hundred has it by chance. */
const LEAST_Z = 2.3;
/** What the later half must grow by, of the rate of the whole: less is a plateau. */
const LATE_SHARE = 0.5;

/**
 * A job that fills a batch and drops it as a whole hides a slow leak: what a collection leaves depends on how full the batch is. But
 * a job that starts again pauses, and the heap that V8 commits then stands still for a sample; what it commits from there on is what
 * the next batch took in. What outlived the pause is at least what the collection left, less that.
 *
 * @returns what was kept from before the last pause at each collection, and what the collection left. None where the pause was just
 * before the collection (how far the new batch had come is unknown), or where the difference is below zero (a pause went unseen).
 */
export function keptThroughPauses(marks: readonly Mark[], firstAt: number): { kept: Point[]; readings: Point[] } {
  const kept: Point[] = [];
  const readings: Point[] = [];
  let takenIn: number | null = null;
  let before: Mark | undefined;
  for (const mark of marks) {
    const committed = mark.committed - (before?.committed ?? mark.committed);
    if (mark.exact !== null) {
      const value = mark.exact - (takenIn ?? 0);
      if (takenIn !== null && takenIn > 0 && value > 0 && mark.at >= firstAt) {
        kept.push({ at: mark.at, value });
        readings.push({ at: mark.at, value: mark.exact });
      }
    } else if (before && committed === 0) takenIn = 0;
    else if (takenIn !== null) takenIn += Math.max(0, committed);
    before = mark;
  }
  return { kept, readings };
}

/** Of what a mark usually takes in, what it takes in at most while the job pauses. */
const PAUSE_SHARE = 0.15;

/**
 * Where collections are frequent (one is forced every few minutes), batches fill the pages that the last one freed, and commit nothing. The
 * raw readings then tell: they stand still in a pause too, and rise from there to the next collection by what the new batch took in.
 *
 * @returns what was kept from before the last pause at each collection with a pause since the one before, and what all collections left.
 */
function keptByRawReadings(marks: readonly Mark[], firstAt: number): { kept: Point[]; readings: Point[] } {
  const steps = marks.map((mark, i) => mark.low - (marks[i - 1]?.low ?? mark.low));
  const usual = median(steps.filter((step) => step > 0));
  const kept: Point[] = [];
  const readings: Point[] = [];
  let takenIn: number | null = null;
  marks.forEach(({ at, exact }, i) => {
    const step = steps[i] ?? 0;
    if (i > 0 && Math.abs(step) <= PAUSE_SHARE * usual) takenIn = 0;
    else if (takenIn !== null) takenIn = step < 0 ? null : takenIn + step;
    if (exact === null) return;
    if (at >= firstAt) readings.push({ at, value: exact });
    if (at >= firstAt && takenIn !== null && takenIn < exact) kept.push({ at, value: exact - takenIn });
    takenIn = null;
  });
  return { kept, readings };
}

/** What outlived the pauses, where batches explain the scatter of the readings; null where they do not, or not for long enough. */
export function batchTrend(marks: readonly Mark[], firstAt: number, h: Horizons): BatchTrend | null {
  return trendOf(keptThroughPauses(marks, firstAt), h) ?? trendOf(keptByRawReadings(marks, firstAt), h);
}

function trendOf(
  { kept, readings }: { kept: readonly Point[]; readings: readonly Point[] },
  h: Horizons,
): BatchTrend | null {
  const [first, last] = [kept[0], kept.at(-1)];
  if (!first || !last || kept.length < LEAST_READINGS || last.at - first.at < h.reach) return null;
  // Readings that follow one another smoothly are the day's course, and no batch's.
  if (!scatters(readings)) return null;
  const trend = theilSen(kept);
  if (scatterAbout(kept, trend.slope) > MOST_SCATTER * scatterAbout(readings, theilSen(readings).slope)) return null;
  const middle = (first.at + last.at) / 2;
  const later = theilSen(kept.filter((p, i) => p.at >= middle || i >= kept.length - 3));
  const grows = trend.low > 0 && trend.z >= LEAST_Z && later.slope >= LATE_SHARE * trend.slope;
  return { ...trend, first, last, grows };
}

export interface BatchTrend extends Trend {
  readonly first: Point;
  readonly last: Point;
  readonly grows: boolean;
}

/**
 * The upper quartile of the distances from the line of that slope. The median would be nothing where just over half of the readings
 * happen to lie on one line, however far off the others are.
 */
function scatterAbout(points: readonly Point[], slope: number): number {
  const levels = points.map((p) => p.value - slope * p.at);
  const level = median(levels);
  const distances = levels.map((l) => Math.abs(l - level)).toSorted((a, b) => a - b);
  return distances[Math.floor((distances.length - 1) * 0.75)] ?? 0;
}
