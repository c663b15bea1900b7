import { MIB } from "../../shared/bytes.ts";
import { median } from "../../shared/median.ts";
import { sum } from "../statistics.ts";
import type { Mark } from "./mark.ts";

/** Of all that came in since growth began, what must still be there for growth to count before a collection has proven it. */
const LEAST_KEPT = 0.8;
/** A step this many times the usual one is a large buffer; the steps below must come to a leak by themselves. */
const LUMP = 4;
const LEAST_STEADY_BYTES = 2.5 * MIB;
/** A collection released something when it took this share of what came in since the one before, and of a megabyte at least. */
const RELEASED_SHARE = 0.1;
/** V8 gives buffers back beside the program: what a collection released shows up to so many samples later. */
const RELEASE_MARKS = 2;

/**
 * Buffers are counted until the objects that hold them are collected, so that readings off the heap grow by dead ones too: a pool
 * of constant size whose members are replaced looks like a leak until the next collection. How that is told:
 * where a collection since growth began released something, what came after it may be released by the next; and where much of what came
 * in went again (the young collections freed it), the rest may only have lived long enough to wait for a full one.
 *
 * @returns the last mark, as an index, up to which growth from `from` on is proven; -1 for none.
 */
export function provenUntil(marks: readonly Mark[], from: number): number {
  const released = lastRelease(marks);
  if (released !== null && (marks[released]?.at ?? 0) > from) return released + RELEASE_MARKS;
  if (stays(marks, from)) return marks.length - 1;
  const collected = marks.findLastIndex((mark) => mark.collected);
  return collected < 0 ? -1 : collected + RELEASE_MARKS;
}

function lastRelease(marks: readonly Mark[]): number | null {
  let last: number | null = null;
  let low = marks[0]?.low ?? 0;
  marks.forEach((mark, i) => {
    if (!mark.collected) return;
    const before = Math.max(...lows(marks, i - RELEASE_MARKS, i));
    const after = Math.min(...lows(marks, i, i + RELEASE_MARKS));
    if (before - after > RELEASED_SHARE * Math.max(MIB, before - low)) last = i;
    low = after;
  });
  return last;
}

function lows(marks: readonly Mark[], from: number, to: number): number[] {
  return marks.slice(Math.max(0, from), to + 1).map((mark) => mark.low);
}

/** Whether what came in stays: all of it, or, beside large buffers that come and go, the small steps by which a leak goes on. */
function stays(marks: readonly Mark[], from: number): boolean {
  const steps = marks.slice(1).flatMap((mark, i) => {
    const before = marks[i];
    return before && before.at >= from ? [mark.low - before.low] : [];
  });
  if (keptShare(steps) >= LEAST_KEPT) return true;
  const usual = median(steps.map(Math.abs));
  const small = steps.filter((step) => Math.abs(step) <= LUMP * usual);
  return keptShare(small) >= LEAST_KEPT && sum(small) >= LEAST_STEADY_BYTES;
}

function keptShare(steps: readonly number[]): number {
  const risen = sum(steps.map((step) => Math.max(0, step)));
  return risen > 0 ? sum(steps) / risen : 1;
}
