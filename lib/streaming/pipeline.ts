import { jsonPointer } from "../shared/json.ts";
import { Doubtful, LongNumber } from "../shared/long-number.ts";
import { createParser, type ParseSpec } from "./job-spec.ts";
import type { Parser, ParserState, RecordBlock, RecordReceiver, Reject, StreamFault } from "./parsers/parser.ts";
import { type RecordTarget, settleNumbers } from "./record-numbers.ts";
import { compileTransform, type Transform } from "./transforms/transform.ts";

/** Records of one slice that are for the sink, with where each began; plain data that may cross to another thread. */
export interface SliceRecords {
  records: unknown[];
  offsets: number[];
  lines: number[];
}

/** What came of one slice of the input. */
export interface SliceResult {
  /** Records that are for the sink; counted only when the job has none. */
  records: number;
  /** Records that `where` let fall. */
  filtered: number;
  /** Records in which `where` compared a text with a number. */
  unlike: number;
  /** Records in which `select` found none of its fields. */
  empty: number;
  rejects: Reject[];
  /** Refused records; more than `rejects` has when a slice has very many. */
  rejected: number;
  out: SliceRecords | null;
  state: ParserState;
  heldBytes: number;
  fault: StreamFault | null;
}

/** Rejects described in one slice; more are only counted, since a file of the wrong format is one reject a line. */
export const REJECTS_A_SLICE = 1000;

/** Parser and transforms of one job: a slice of bytes in, its records out. Runs in a worker, or where it is called. */
export class Pipeline {
  readonly #parser: Parser;
  readonly #transform: Transform | null;
  readonly #keep: boolean;
  readonly #target: RecordTarget;
  #result: SliceResult;
  readonly #casts: boolean;
  #enough = false;

  /** @param keep false: records are checked and counted, not handed on. */
  constructor(spec: ParseSpec, from: ParserState | null, keep: boolean) {
    this.#keep = keep;
    this.#target = spec.target ?? "none";
    this.#casts = (spec.transform.cast?.length ?? 0) > 0;
    this.#transform = compileTransform({ ...spec.transform, cells: spec.format === "csv" });
    const receiver: RecordReceiver = {
      block: (block) => this.#take(block),
      describes: () => this.#describes(),
      reject: (describe) => this.#reject(describe),
    };
    this.#parser = createParser(spec, receiver, from);
    this.#result = this.#empty();
  }

  slice(bytes: Uint8Array): SliceResult {
    this.#result = this.#empty();
    this.#parser.push(bytes);
    return this.#finish();
  }

  /** There is no memory for the record that has begun. */
  dropRecord(): void {
    this.#parser.dropRecord();
  }

  /** Rejects are only counted from now on. */
  enoughRejects(): void {
    this.#enough = true;
  }

  /** The input is complete. */
  end(): SliceResult {
    this.#result = this.#empty();
    this.#parser.end();
    return this.#finish();
  }

  #describes(): boolean {
    return !this.#enough && this.#result.rejects.length < REJECTS_A_SLICE;
  }

  #empty(): SliceResult {
    const out = this.#keep ? { records: [], offsets: [], lines: [] } : null;
    const { state, heldBytes, fault } = this.#parser;
    return { records: 0, filtered: 0, unlike: 0, empty: 0, rejects: [], rejected: 0, out, state, heldBytes, fault };
  }

  #finish(): SliceResult {
    const { state, heldBytes, fault } = this.#parser;
    const unlike = this.#transform?.takeUnlike() ?? 0;
    const empty = this.#transform?.takeEmpty() ?? 0;
    return Object.assign(this.#result, { unlike, empty, state, heldBytes, fault });
  }

  #take(block: RecordBlock): void {
    const { records, offsets } = block;
    const { out } = this.#result;
    if (!this.#transform && !out && !block.doubtful) {
      this.#result.records += records.length;
      return;
    }
    // Most blocks have no number to doubt: then none of their records is asked for one.
    const mayDoubt = block.doubtful || this.#casts;
    for (let i = 0; i < records.length; i++) {
      const given = records[i];
      const record = mayDoubt && given instanceof Doubtful ? given.value : given;
      const done = this.#transform ? this.#transform.apply(record) : { record };
      if (done === null) this.#result.filtered++;
      else if ("problem" in done) this.#refuse(block, i, record, "transform-failed", done.problem);
      else if (out && !isObject(done.record))
        // Its store would say the same, after it crossed to another thread.
        this.#refuse(block, i, record, "validation-failed", "/: a record must be an object");
      else if (mayDoubt && (given instanceof Doubtful || "doubtful" in done) && this.#changes(block, i, done.record))
        continue;
      else {
        this.#result.records++;
        if (!out) continue;
        out.records.push(done.record);
        out.offsets.push(offsets[i] ?? 0);
        out.lines.push(block.lineOf(i));
      }
    }
  }

  /** Whether the record has a number that would not keep its value; then it is refused. */
  #changes(block: RecordBlock, index: number, record: unknown): boolean {
    const path = settleNumbers(record, this.#target);
    if (path === null) return false;
    const message = `${jsonPointer(path) || "/"} would lose precision as a number; send it as a string, or cast it to string`;
    this.#refuse(block, index, record, "number-not-exact", message);
    return true;
  }

  #refuse(block: RecordBlock, index: number, record: unknown, code: Reject["code"], message: string): void {
    const offset = block.offsets[index] ?? 0;
    this.#reject(() => ({ line: block.lineOf(index), offset, code, message, excerpt: excerptOfRecord(record) }));
  }

  #reject(describe: () => Reject): void {
    this.#result.rejected++;
    if (!this.#describes()) return;
    const reject = describe();
    const { encoding } = this.#parser.state.extra;
    // Parsers know of UTF-8 alone: what stands before them has changed other encodings to it.
    if (reject.code === "invalid-utf8" && encoding) reject.message = `not valid ${encoding.toUpperCase()}`;
    this.#result.rejects.push(reject);
  }
}

/** A number that waits to be settled is none. */
const isObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof LongNumber);

/** The beginning of a parsed record, as JSON. */
export function excerptOfRecord(record: unknown): string {
  return (JSON.stringify(record) ?? "").slice(0, 120);
}
