import type { ParseSpec } from "./job-spec.ts";
import type { ParserState } from "./parsers/parser.ts";
import type { SliceResult } from "./pipeline.ts";

/** To the parsing worker. `ring` holds SLOTS slots of SLOT_BYTES, shared: bytes are never copied to it by message. */
export type ToParseWorker =
  | { type: "open"; lane: number; spec: ParseSpec; from: ParserState | null; keep: boolean; ring: SharedArrayBuffer }
  | { type: "slice"; lane: number; slot: number; length: number }
  | { type: "end"; lane: number }
  | { type: "drop-record"; lane: number }
  | { type: "enough-rejects"; lane: number }
  | { type: "close"; lane: number };

/** From it: one answer to each slice and end, in order. */
export type FromParseWorker =
  | { type: "result"; lane: number; result: SliceResult }
  | { type: "failed"; lane: number; message: string };
