import { type ScanCall, type ScanStream, STREAMS } from "../codec/kernel.ts";
import type { Query } from "../codec/query.ts";
import type { CodePlane } from "./code-plane.ts";
import { SCRATCH_FINDS, SCRATCH_OUT } from "./slab.ts";

/** What a scan found: slots, and bounds on their ranks. Each scan overwrites the last one's. */
export class Finds {
  readonly slots = new Int32Array(SCRATCH_FINDS);
  readonly lowers = new Float64Array(SCRATCH_FINDS);
  readonly uppers = new Float64Array(SCRATCH_FINDS);
  count = 0;
}

/**
 * Runs the kernel over the next blocks of a plane from `first` on, several side by side where they lie in one slab, and leaves the rows whose
 * upper bound reaches the rank `threshold` in `finds`.
 *
 * @returns the blocks it scanned.
 */
export function scanBlocks(plane: CodePlane, first: number, query: Query, threshold: number, finds: Finds): number {
  finds.count = 0;
  if (first >= plane.blocks) return 0;
  // Without a threshold everything is found: one block is enough to learn one.
  const blocks = threshold === Number.NEGATIVE_INFINITY ? 1 : sideBySide(plane, first);
  const from = plane.slotsIn(first);
  const count = Math.min(plane.slotsIn(blocks), plane.count - from);
  if (count > 0) scanSlots(plane, from, count, query, threshold, finds);
  return blocks;
}

/** The same of `count` slots of whole blocks in one slab, `first` being a multiple of four, or of any one slot. */
export function scanSlots(
  plane: CodePlane,
  first: number,
  count: number,
  query: Query,
  threshold: number,
  finds: Finds,
): void {
  const { slab } = plane.blockOf(first);
  const { views, memory } = slab;
  if (slab.query !== query.integers) {
    slab.query = query.integers;
    views.i16.set(query.integers, 0);
  }
  finds.count = memory.scan(callOf(plane, first, count, query, threshold));
  const { hasBounds, beforeScales } = plane.columns;
  const toNorm = plane.slotsIn(1);
  const from = SCRATCH_OUT >> 2;
  for (let i = 0; i < finds.count; i++) {
    const slot = first + (views.i32[from + 2 * i] ?? 0);
    const rank = (views.f32[from + 2 * i + 1] ?? 0) - query.offset;
    let margin = 0;
    if (hasBounds) {
      const error = plane.wordAt(slot, beforeScales + 4);
      margin = query.margin(views.f32[error] ?? 0, views.f32[error + toNorm] ?? 0);
    }
    finds.slots[i] = slot;
    finds.lowers[i] = rank - margin;
    finds.uppers[i] = rank + margin;
  }
}

function callOf(plane: CodePlane, first: number, count: number, query: Query, threshold: number): ScanCall {
  const { hasBounds } = plane.columns;
  const span = Math.ceil(count / STREAMS);
  return {
    streams: [
      streamAt(plane, first),
      streamAt(plane, first + span),
      streamAt(plane, first + 2 * span),
      streamAt(plane, first + 3 * span),
    ],
    // Without errors and norms the kernel reads scales in their place, and multiplies them by nothing.
    columnBytes: hasBounds ? 4 * plane.slotsIn(1) : 0,
    stride: plane.stride,
    span,
    count,
    query: 0,
    queryScale: query.scale,
    queryReach: hasBounds ? query.reach : 0,
    querySlack: hasBounds ? query.slack : 0,
    bias: query.bias,
    threshold: query.kernelThreshold(threshold),
    out: SCRATCH_OUT,
  };
}

/** Where the rows from `slot` on lie. A stream past the end of a block of fewer than four rows reads the last one: its numbers are not counted. */
function streamAt(plane: CodePlane, slot: number): ScanStream {
  const inside = Math.min(slot, plane.slotsIn(plane.blocks) - 1);
  return { codes: plane.codeAt(inside), scales: 4 * plane.wordAt(inside, plane.columns.beforeScales) };
}

/** How many full blocks from `first` on lie in its slab: 4, 2 or 1, which cut into four streams of whole rows. */
function sideBySide(plane: CodePlane, first: number): number {
  const full = Math.floor(plane.count / plane.slotsIn(1)) - first;
  const slab = plane.held[first]?.slab;
  let together = 1;
  while (together < Math.min(full, STREAMS) && plane.held[first + together]?.slab === slab) together++;
  return together === 3 ? 2 : together;
}
