import type { RowBatch } from "../codec/row-codec.ts";
import { HEADER_BYTES, type RowFormat } from "../codec/row-format.ts";
import type { BlockArena } from "./block-arena.ts";
import { CodePlane, type PlaneColumns } from "./code-plane.ts";

export const NOT_HOT = -1;
const HANDLE = 8;
const SCALE = 12;
/** Row number, handle of the detail, scale, error and norm. */
const COLUMNS: PlaneColumns = { sizes: [8, 4, 4, 4, 4], beforeScales: SCALE, hasBounds: true, wholeBlocks: false };

/** The codes of one collection, with what bounds their ranks, and the handles of those that are hot. */
export class CollectionCodes extends CodePlane {
  constructor(arena: BlockArena, format: RowFormat) {
    super(arena, format, COLUMNS);
  }

  handleAt(slot: number): number {
    return this.viewsAt(slot).i32[this.wordAt(slot, HANDLE)] ?? NOT_HOT;
  }

  setHandle(slot: number, handle: number): void {
    this.viewsAt(slot).i32[this.wordAt(slot, HANDLE)] = handle;
  }

  scaleAt(slot: number): number {
    return this.viewsAt(slot).f32[this.wordAt(slot, SCALE)] ?? 0;
  }

  /** Fills a slot, but for its handle, from row `index` of a batch. */
  write(slot: number, row: number, batch: RowBatch, index: number): void {
    const { f64, f32, i8 } = this.viewsAt(slot);
    f64[this.doubleAt(slot, 0)] = row;
    f32[this.wordAt(slot, SCALE)] = batch.scale(index);
    f32[this.wordAt(slot, SCALE + 4)] = batch.error(index);
    f32[this.wordAt(slot, SCALE + 8)] = batch.norm(index);
    const from = batch.rowAt(index) + HEADER_BYTES;
    i8.set(batch.views.i8.subarray(from, from + this.stride), this.codeAt(slot));
  }
}
