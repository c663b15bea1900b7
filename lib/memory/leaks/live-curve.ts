import { MIB } from "../../shared/bytes.ts";
import { median } from "../../shared/median.ts";
import type { Point } from "../statistics.ts";
import { envelopeRise, smoothRise } from "./envelope.ts";
import { type Mark, suffixFloor } from "./mark.ts";
import { valueAt } from "./value-at.ts";

export interface LiveCurve {
  /** Estimated live bytes at even steps, from the first known point to the last. */
  readonly points: readonly Point[];
  /** The known points that the curve goes through. */
  readonly anchors: readonly Point[];
  /** What was read at the anchors, before later readings lowered them: their scatter is the noise. */
  readonly readings: readonly Point[];
  /** Marks since the last anchor, if the raw envelope went on growing at 0.6 of the proven rate or more; else 0. */
  readonly unprovenSpan: number;
  /** From anchor to anchor, where anything was promoted: how far raw heap had risen for good, and how much of that was live. */
  readonly segments: readonly Segment[];
  /** Levels that memory kept for a while: growth back to one of them is a refill. */
  readonly held: readonly Point[];
}

export interface Segment {
  readonly at: number;
  readonly envelopeBytes: number;
  readonly liveBytes: number;
}

/** Marks between two points of a curve. */
export const CURVE_STEP = 6;

/** A reading off the heap counts once this many later ones were no lower. */
const SETTLING_MARKS = 2;
/** A level off the heap was held when no reading of so many in a row was lower. */
const HELD_MARKS = 12;

const YOUNG_BYTES = 16 * MIB;

/** By how much live memory may outgrow the raw envelope between two collections: the young generation blurs the envelope. */
const ENVELOPE_SLACK = 1.2;

/** Below this share of the envelope's growth a plateau may hide between two collections; above the other there was a jump. */
const PLATEAU_BELOW = 0.8;
const JUMP_ABOVE = 1.6;

/** Readings off the heap: the curve is their floor, at even steps and at the last settled mark. */
export function directCurve(marks: readonly Mark[]): LiveCurve | null {
  const floor = suffixFloor(marks);
  const settled = marks.length - 1 - SETTLING_MARKS;
  const last = marks[settled];
  if (!last || settled < CURVE_STEP) return null;
  const points: Point[] = [];
  for (let i = 0; i < settled; i += CURVE_STEP) {
    const mark = marks[i];
    if (mark) points.push({ at: mark.at, value: floor[i] ?? mark.low });
  }
  points.push({ at: last.at, value: floor[settled] ?? last.low });
  return { points, anchors: points, readings: points, unprovenSpan: 0, segments: [], held: heldLevels(marks) };
}

/** The floor forgets every level that memory fell from; these are what it stood at. */
function heldLevels(marks: readonly Mark[]): Point[] {
  const held: Point[] = [];
  for (let end = HELD_MARKS; end <= marks.length; end += HELD_MARKS / 3) {
    const window = marks.slice(end - HELD_MARKS, end);
    held.push({ at: window.at(-1)?.at ?? 0, value: Math.min(...window.map((mark) => mark.low)) });
  }
  return held;
}

interface Anchor extends Point {
  readonly index: number;
}

/**
 * The heap: live memory is known only where a major collection ended (the anchors), and natural ones are rare. Between two
 * anchors the curve takes the shape of the raw envelope where that grew about as much as was proven. Where far less was proven
 * (the rest was garbage), the curve is cautious: as fast as the envelope, then flat, so that a plateau between two collections
 * shows as one. A program whose every segment has shown the same share of garbage is judged against that share.
 */
export function collectedCurve(marks: readonly Mark[], firstAt: number): LiveCurve | null {
  const floor = suffixFloor(marks);
  const anchors: Anchor[] = [];
  const readings: Point[] = [];
  marks.forEach((mark, index) => {
    if (mark.at < firstAt || mark.exact === null) return;
    readings.push({ at: mark.at, value: mark.exact });
    anchors.push({ index, at: mark.at, value: Math.min(mark.exact, floor[index] ?? mark.exact) });
  });
  const [first, last] = [anchors[0], anchors.at(-1)];
  if (!first || !last) return null;
  const points: Point[] = [];
  const segments: Segment[] = [];
  for (let k = 0; k + 1 < anchors.length; k++) {
    const [from, to] = [anchors[k], anchors[k + 1]];
    if (!from || !to) continue;
    const rise = envelopeRise(marks, from.index, to.index);
    points.push(...shape(marks, from, to, rise, usualShare(segments)));
    const envelopeBytes = rise?.at(-1) ?? takenIn(marks, from, to);
    if (envelopeBytes > 0) segments.push({ at: from.at, envelopeBytes, liveBytes: to.value - from.value });
  }
  points.push({ at: last.at, value: last.value });
  const rate = (last.value - first.value) / Math.max(1, last.at - first.at);
  return {
    points,
    anchors,
    readings,
    unprovenSpan: unproven(marks, last.index, rate),
    segments,
    held: readings,
  };
}

/** What a segment too short for an envelope surely took in: what its last reading held beyond a young generation of garbage. */
function takenIn(marks: readonly Mark[], from: Anchor, to: Anchor): number {
  return Math.max(0, (marks[to.index - 1]?.low ?? 0) - from.value - YOUNG_BYTES);
}

function usualShare(segments: readonly Segment[]): number {
  if (segments.length < 2) return 1;
  return Math.min(1, Math.max(0.1, median(segments.map((s) => s.liveBytes / s.envelopeBytes))));
}

/** Collections that a leak shows by alone. */
const LEAST_ANCHORS = 4;

/** As `collectedCurve`, and straight from collection to collection, where there are enough of them to tell without the raw envelope. */
export function straightCurve(marks: readonly Mark[], curve: LiveCurve): LiveCurve | null {
  const [first, last] = [curve.anchors[0], curve.anchors.at(-1)];
  if (!first || !last || curve.anchors.length < LEAST_ANCHORS) return null;
  const at = marks
    .map((mark) => mark.at)
    .filter((m) => m >= first.at && m < last.at && (m - first.at) % CURVE_STEP === 0);
  const points = [...at.map((m) => ({ at: m, value: valueAt(curve.anchors, m) })), { at: last.at, value: last.value }];
  return { ...curve, points };
}

/** As `collectedCurve`, and then on along the raw envelope since the last collection, as if all its growth were live. */
export function trustingCurve(marks: readonly Mark[], curve: LiveCurve): LiveCurve {
  const last = curve.anchors.at(-1);
  const from = marks.findIndex((mark) => mark.at === last?.at);
  const rise = last && from >= 0 ? envelopeRise(marks, from, marks.length) : null;
  if (!last || !rise) return curve;
  const points = [...curve.points];
  for (let i = CURVE_STEP; i < rise.length; i += CURVE_STEP) {
    points.push({ at: marks[from + i]?.at ?? last.at, value: last.value + smoothRise(rise, i) });
  }
  return { ...curve, points, unprovenSpan: 0 };
}

function shape(
  marks: readonly Mark[],
  from: Anchor,
  to: Anchor,
  rise: readonly number[] | null,
  usual: number,
): Point[] {
  const growth = to.value - from.value;
  const length = to.index - from.index;
  const share = growth / Math.max(1, rise?.at(-1) ?? 0);
  const fitting = share >= PLATEAU_BELOW * usual && share <= JUMP_ABOVE;
  return Array.from({ length: Math.ceil(length / CURVE_STEP) }, (_, k) => {
    const offset = k * CURVE_STEP;
    let risen = (growth * offset) / length;
    if (rise && fitting) risen = Math.min(growth, share * smoothRise(rise, offset));
    else if (rise) risen = Math.min(growth, ENVELOPE_SLACK * usual * (rise[offset] ?? 0));
    return { at: marks[from.index + offset]?.at ?? from.at, value: from.value + risen };
  });
}

function unproven(marks: readonly Mark[], lastIndex: number, rate: number): number {
  const span = (marks.at(-1)?.at ?? 0) - (marks[lastIndex]?.at ?? 0);
  const rise = envelopeRise(marks, lastIndex, marks.length);
  if (!rise) return span;
  return (rise.at(-1) ?? 0) >= 0.6 * rate * span ? span : 0;
}
