import type { LineLog } from "./line-log.ts";
import type { ParserState } from "./parsers/parser.ts";

/** Where a run stands. A checkpoint is a copy of it, taken when a slice is kept in whole. */
export interface RunFigures {
  state: ParserState | null;
  records: number;
  filtered: number;
  /** Records in which `where` compared a text with a number. Absent in what an earlier version kept. */
  unlike?: number;
  /** Records in which `select` found none of its fields. Absent in what an earlier version kept. */
  empty?: number;
  rejected: number;
  /** Length of the reject log. */
  rejectBytes: number;
  /** Of the log of results. Absent in what an earlier version kept. */
  resultBytes?: number;
}

/** What a record became in its store. */
export interface StreamResult {
  line: number;
  offset: number;
  id: string;
}

/** Where a run tells of single records. */
export type Lines = Pick<LineLog, "append" | "bytes" | "full">;

/** Records of all runs since the start; what is sent once more counts once more. */
export interface StreamTotals {
  records: number;
  rejects: number;
}
