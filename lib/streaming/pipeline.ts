import { createParser, type ParseSpec } from "./job-spec.ts";
import type { Parser, ParserState, RecordBlock, Reject, StreamFault } from "./parsers/parser.ts";
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
  #result: SliceResult;

  /** @param keep false: records are checked and counted, not handed on. */
  constructor(spec: ParseSpec, from: ParserState | null, keep: boolean) {
    this.#keep = keep;
    this.#transform = compileTransform(spec.transform);
    this.#parser = createParser(
      spec,
      { block: (block) => this.#take(block), reject: (reject) => this.#reject(reject) },
      from,
    );
    this.#result = this.#empty();
  }

  slice(bytes: Uint8Array): SliceResult {
    this.#result = this.#empty();
    this.#parser.push(bytes);
    return this.#finish();
  }

  /** There is no memory for the record that has begun. */
  letGo(): void {
    this.#parser.letGo();
  }

  /** The input is complete. */
  end(): SliceResult {
    this.#result = this.#empty();
    this.#parser.end();
    return this.#finish();
  }

  #empty(): SliceResult {
    const out = this.#keep ? { records: [], offsets: [], lines: [] } : null;
    const { state, heldBytes, fault } = this.#parser;
    return { records: 0, filtered: 0, rejects: [], rejected: 0, out, state, heldBytes, fault };
  }

  #finish(): SliceResult {
    const { state, heldBytes, fault } = this.#parser;
    return Object.assign(this.#result, { state, heldBytes, fault });
  }

  #take(block: RecordBlock): void {
    const { records, offsets } = block;
    const { out } = this.#result;
    if (!this.#transform && !out) {
      this.#result.records += records.length;
      return;
    }
    for (let i = 0; i < records.length; i++) {
      const done = this.#transform ? this.#transform(records[i]) : { record: records[i] };
      if (done === null) this.#result.filtered++;
      else if ("problem" in done) this.#refuse(block, i, done.problem);
      else {
        this.#result.records++;
        if (!out) continue;
        out.records.push(done.record);
        out.offsets.push(offsets[i] ?? 0);
        out.lines.push(block.lineOf(i));
      }
    }
  }

  #refuse(block: RecordBlock, index: number, message: string): void {
    const offset = block.offsets[index] ?? 0;
    const excerpt = excerptOfRecord(block.records[index]);
    this.#reject({ line: block.lineOf(index), offset, code: "transform-failed", message, excerpt });
  }

  #reject(reject: Reject): void {
    this.#result.rejected++;
    if (this.#result.rejects.length < REJECTS_A_SLICE) this.#result.rejects.push(reject);
  }
}

/** The beginning of a parsed record, as JSON. */
export function excerptOfRecord(record: unknown): string {
  return (JSON.stringify(record) ?? "").slice(0, 120);
}
