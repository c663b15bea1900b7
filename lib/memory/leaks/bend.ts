import { PAGE_BYTES, SCAVENGE_MARKS, YOUNG_GROWS_MARKS, YOUNG_STEP_BYTES } from "./envelope.ts";
import type { Mark } from "./mark.ts";

/** Young collections that a course shows by. */
const LEAST_READINGS = 6;
/** What a reading may be off by at the least, bytes: V8 commits whole pages, and a young collection leaves what is still in use. */
const LEAST_ERROR = PAGE_BYTES / 3;
/** Growth whose rate falls by less than a third from the beginning to the end is straight, as far as its readings can tell. */
const STRAIGHT = -0.06;

/** How much a course bends, of how far it rises: 0 for a straight line, below it where growth slows down; with a standard error. */
export interface Bend {
  readonly share: number;
  readonly error: number;
}

interface Reading {
  readonly at: number;
  readonly value: number;
  /** Readings between the same two collections: how much garbage is in them differs from one such stretch to the next. */
  readonly stretch: number;
}

/**
 * Whether growth from mark `from` on is shown to go on undiminished, though no collection told what of it is live. Code that is compiled when
 * first needed and caches with a long tail of keys slow down all the time; within two hours only the course as a whole shows it. Small growth is
 * as uncertain as it is small: it must go on for longer before it is shown.
 *
 * @returns null where there were too few young collections to tell.
 */
export function goesStraight(marks: readonly Mark[], from: number): boolean | null {
  const bends = [bendOf(lowsOf(marks, from)), bendOf(commitsOf(marks, from))].filter((bend) => bend !== null);
  if (bends.length === 0) return null;
  // Two witnesses, each by its weight.
  const weight = bends.reduce((total, { error }) => total + 1 / error ** 2, 0);
  const share = bends.reduce((total, { share, error }) => total + share / error ** 2, 0) / weight;
  return share - 1 / Math.sqrt(weight) >= STRAIGHT;
}

/** Marks right after a young collection. Right after a full one they say nothing: garbage has yet to gather. */
function afterYoungCollections(marks: readonly Mark[], from: number): { index: number; stretch: number }[] {
  const found: { index: number; stretch: number }[] = [];
  let stretch = 0;
  let since = 0;
  for (let i = 1; i + 1 < marks.length; i++) {
    const [before, mark, after] = [marks[i - 1], marks[i], marks[i + 1]];
    if (!before || !mark || !after) continue;
    since = mark.collected ? 0 : since + 1;
    if (mark.collected) stretch += 1;
    if (mark.at < Math.max(from, YOUNG_GROWS_MARKS) || since < SCAVENGE_MARKS || after.collected) continue;
    if (mark.low < before.low && mark.low <= after.low) found.push({ index: i, stretch });
  }
  return found;
}

function lowsOf(marks: readonly Mark[], from: number): Reading[] {
  return afterYoungCollections(marks, from).map(({ index, stretch }) => {
    const { at = 0, low = 0 } = marks[index] ?? {};
    return { at, value: low, stretch };
  });
}

/** What was committed for the old generation up to each young collection: when the young one grows, it does so by half of it and more. */
function commitsOf(marks: readonly Mark[], from: number): Reading[] {
  const total: number[] = [];
  marks.forEach((mark, i) => {
    const step = mark.committed - (marks[i - 1]?.committed ?? mark.committed);
    total.push((total.at(-1) ?? 0) + (step < YOUNG_STEP_BYTES && !mark.collected ? step : 0));
  });
  return afterYoungCollections(marks, from).map(({ index, stretch }) => {
    return { at: marks[index]?.at ?? 0, value: total[index] ?? 0, stretch };
  });
}

/** Least squares by a line and a parabola that stands across it, each stretch at its own level. Null for no growth, or too few readings. */
export function bendOf(readings: readonly Reading[]): Bend | null {
  const [first, last] = [readings[0], readings.at(-1)];
  if (!first || !last || readings.length < LEAST_READINGS) return null;
  const rows = levelled(readings, first.at, last.at);
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
  const [uu, uq, qq] = [sum(({ u }) => u * u), sum(({ u, q }) => u * q), sum(({ q }) => q * q)];
  const [uy, qy] = [sum(({ u, y }) => u * y), sum(({ q, y }) => q * y)];
  const determinant = uu * qq - uq * uq;
  const line = (uy * qq - qy * uq) / determinant;
  const parabola = (qy * uu - uy * uq) / determinant;
  if (!(line > 0)) return null;
  const stretches = new Set(readings.map(({ stretch }) => stretch)).size;
  const residual = sum(({ u, q, y }) => (y - line * u - parabola * q) ** 2) / Math.max(1, rows.length - stretches - 2);
  const variance = Math.max(residual, LEAST_ERROR ** 2);
  return { share: parabola / line, error: Math.sqrt((variance * uu) / determinant) / line };
}

interface Row {
  readonly u: number;
  readonly q: number;
  readonly y: number;
}

/** Time from -1 to 1, its square made to stand across it, and the value: each less its mean over the stretch. */
function levelled(readings: readonly Reading[], from: number, to: number): Row[] {
  const stretches = [...new Set(readings.map(({ stretch }) => stretch))];
  return stretches.flatMap((stretch) => {
    const rows = readings
      .filter((reading) => reading.stretch === stretch)
      .map(({ at, value }) => {
        const u = (2 * (at - from)) / Math.max(1, to - from) - 1;
        return { u, q: (3 * u * u - 1) / 2, y: value };
      });
    const mean = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0) / rows.length;
    const [u, q, y] = [mean((row) => row.u), mean((row) => row.q), mean((row) => row.y)];
    return rows.map((row) => ({ u: row.u - u, q: row.q - q, y: row.y - y }));
  });
}
