import type { ParseSpec } from "./job-spec.ts";
import type { ParserState } from "./parsers/parser.ts";
import { Pipeline, type SliceResult } from "./pipeline.ts";

/** One job's place where its bytes are parsed. Slices are answered in the order they were given. */
export interface ParseLane {
  /** The memory to write slice `slot` into; free to be written again once its answer came. */
  slot(index: number): Uint8Array;
  slice(slot: number, length: number): Promise<SliceResult>;
  /** The input is complete. */
  end(): Promise<SliceResult>;
  /** There is no memory for the record that has begun: it will be refused. Counts from the next slice on. */
  dropRecord(): void;
  /** Rejects are only counted, from one of the next slices on. */
  enoughRejects(): void;
  /** Frees all that the lane holds; unanswered slices reject. */
  close(): void;
}

export interface LaneOptions {
  spec: ParseSpec;
  from: ParserState | null;
  /** False: records are checked and counted, not handed on. */
  keep: boolean;
}

/** Where streams are parsed: a worker thread in the server, the calling thread elsewhere. */
export interface ParseHost {
  open(options: LaneOptions): ParseLane;
}

/** Slots of each lane, and their size: what a job may have read ahead of its parser. */
export const SLOTS = 4;
export const SLOT_BYTES = 256 * 1024;

/** Parses in the calling thread, a slice at a time: for programs that do nothing else, and for tests. */
export class InlineParseHost implements ParseHost {
  open({ spec, from, keep }: LaneOptions): ParseLane {
    const pipeline = new Pipeline(spec, from, keep);
    const slots = Array.from({ length: SLOTS }, () => new Uint8Array(SLOT_BYTES));
    const bytes = (slot: number): Uint8Array => {
      const found = slots[slot];
      if (!found) throw new RangeError(`no slot ${slot}`);
      return found;
    };
    return {
      slot: bytes,
      slice: async (slot, length) => pipeline.slice(bytes(slot).subarray(0, length)),
      end: async () => pipeline.end(),
      dropRecord: () => pipeline.dropRecord(),
      enoughRejects: () => pipeline.enoughRejects(),
      close() {
        slots.length = 0;
      },
    };
  }
}
