import type { ProblemCode } from "../../shared/errors.ts";

/** Why a record was set aside before its store saw it; what the store refuses has the code of the API's answer. Codes are stable. */
export type RejectCode =
  | "malformed-json"
  | "invalid-utf8"
  | "too-deep"
  | "number-not-finite"
  | "number-not-exact"
  | "record-too-large"
  | "malformed-csv"
  | "column-count"
  | "malformed-vector"
  | "transform-failed";

/** One record that was refused: where it began, and how it looks. */
export interface Reject {
  /** 1 for the first line; for binary formats the number of the record. */
  line: number;
  /** Bytes before the record in the decoded stream. */
  offset: number;
  code: RejectCode | ProblemCode;
  message: string;
  /** At most EXCERPT_CHARACTERS of the record. */
  excerpt: string;
}

/** What ends a stream before its time: the shape of the whole, not one record, is broken. */
export interface StreamFault {
  code:
    | "json-truncated"
    | "json-structure"
    | "json-path"
    | "csv-header"
    | "csv-unterminated"
    | "vector-shape"
    | "unsupported-encoding";
  message: string;
  line: number;
  offset: number;
}

/** Records in their order, with where each began. */
export interface RecordBlock {
  readonly records: unknown[];
  /** Some of them are `Doubtful`: they hold a number that is not kept as it is. */
  readonly doubtful: boolean;
  /** Offset of each record in the decoded stream. */
  readonly offsets: readonly number[];
  /** Line of the record at `index`. To be called before the parser is given more bytes. */
  lineOf(index: number): number;
}

export interface RecordReceiver {
  block(block: RecordBlock): void;
  /** Whether the next refused record will be described; otherwise it is counted alone, and no work should go into saying why. */
  describes(): boolean;
  /** @param describe called before it returns, or not at all. */
  reject(describe: () => Reject): void;
}

/** Where a parser could go on with another process: at the first byte that is not part of a whole record yet. */
export interface ParserState {
  offset: number;
  line: number;
  /** What the format needs beside: CSV's columns, whether a document's array was entered and owes an element, a vector's dimensions. */
  extra: ParserExtra;
}

export interface ParserExtra {
  columns?: string[];
  inside?: boolean;
  due?: boolean;
  dimensions?: number;
  /** Of the input, where it is not plain UTF-8. */
  encoding?: string;
  /** CSV's, as found; whether a carriage return alone ends a row. */
  delimiter?: string;
  returns?: boolean;
}

/** Bytes in, records out, whatever the chunks. Holds at most one unfinished record. */
export interface Parser {
  /** At most WINDOW_BYTES at a time. Whole records are handed over before it returns. */
  push(bytes: Uint8Array): void;
  /** The input has ended: what is left is the last record, or a reject, or a fault. */
  end(): void;
  readonly state: ParserState;
  /** Set once; nothing is parsed after it. */
  readonly fault: StreamFault | null;
  /** Bytes of the unfinished record held now. */
  readonly heldBytes: number;
  /** There is no memory for the unfinished record: it is released, and refused when it ends. */
  dropRecord(): void;
}

/** A line, row or element over this is refused without being held. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;
export const EXCERPT_CHARACTERS = 120;

/** The beginning of a record as text that is safe to show: no control characters, no broken UTF-8. */
export function excerptOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, EXCERPT_CHARACTERS * 4)).toString(
    "utf8",
  );
  return Array.from(text.replace(/[\p{Cc}\p{Cf}]+/gu, " "))
    .slice(0, EXCERPT_CHARACTERS)
    .join("");
}
