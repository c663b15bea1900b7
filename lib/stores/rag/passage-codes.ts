import type { PassageVector } from "../../ports/passage-vectors.ts";
import { laneOf } from "../vectors/codec/row-codec.ts";
import { type RowFormat, rowFormat } from "../vectors/codec/row-format.ts";
import type { BlockArena } from "../vectors/tiers/block-arena.ts";
import { CodePlane, type PlaneColumns } from "../vectors/tiers/code-plane.ts";
import { readVectorCode } from "./vector-code.ts";

/** The column of documents stands behind the one of passages, of 8 bytes. */
export const DOCUMENT = 8;
const SCALE = 16;
/** Passage, document and scale. The best are scored again from their 16-bit codes, so bounds would be bytes for nothing. */
const COLUMNS: PlaneColumns = { sizes: [8, 8, 4], beforeScales: SCALE, hasBounds: false, wholeBlocks: true };

/** One scope's vectors in memory, a byte a value: the high bytes of their 16-bit codes. */
export class PassageCodes extends CodePlane {
  readonly format: RowFormat;
  /** Its memory has been given to others: a scan that was under way has not seen all. */
  isDropped = false;

  constructor(arena: BlockArena, dimensions: number) {
    const format = rowFormat({ dimensions, metric: "dot", precision: "int8" });
    super(arena, format, COLUMNS);
    this.format = format;
  }

  documentAt(slot: number): number {
    return this.doubleIn(slot, DOCUMENT);
  }

  /** False: there is no memory for it. */
  add({ id, documentId, vector }: PassageVector): boolean {
    if (!this.reserve()) return false;
    const slot = this.append();
    const { f64, f32, i16 } = this.viewsAt(slot);
    const { scale, values } = readVectorCode(vector);
    f64[this.doubleAt(slot, 0)] = id;
    f64[this.doubleAt(slot, DOCUMENT)] = documentId;
    f32[this.wordAt(slot, SCALE)] = scale * 256;
    const lanes = this.codeAt(slot) >> 1;
    for (let group = 0; group < this.stride; group += 16)
      for (let j = 0; j < 8; j++)
        i16[lanes + (group >> 1) + j] = laneOf(values[group + j] ?? 0, values[group + j + 8] ?? 0);
    return true;
  }

  /** @param isGone tells it of a slot. */
  removeWhere(isGone: (slot: number) => boolean): void {
    // From the end: what moves into a hole has been looked at.
    for (let slot = this.count - 1; slot >= 0; slot--) {
      if (!isGone(slot)) continue;
      this.vacate(slot);
      this.dropLast();
    }
  }

  /** Which of these passages it has. */
  known(ids: ReadonlySet<number>): Set<number> {
    const found = new Set<number>();
    for (let slot = 0; slot < this.count && ids.size > 0; slot++) {
      const id = this.rowAt(slot);
      if (ids.has(id)) found.add(id);
    }
    return found;
  }

  drop(): void {
    this.clear();
    this.isDropped = true;
  }
}
