import { WINDOW_BYTES } from "../scan/scanner.ts";
import { CsvParser } from "./csv.ts";
import { CsvDialectFinder } from "./csv-dialect.ts";
import type { Parser, ParserState, RecordReceiver, StreamFault } from "./parser.ts";

export interface CsvFrontOptions {
  receiver: RecordReceiver;
  from?: ParserState;
  /** As the client says; without it, it is found out. */
  delimiter?: string;
  columns?: readonly string[];
  maxRecordBytes?: number;
}

/** CSV whose delimiter and line ends are found out from its first row. They are told in the state. */
export class CsvFront implements Parser {
  readonly #options: CsvFrontOptions;
  #finder: CsvDialectFinder | null = null;
  #inner: CsvParser | null = null;
  #found: { delimiter: string; returns: boolean } | null = null;

  constructor(options: CsvFrontOptions) {
    this.#options = options;
    const { from, delimiter, columns } = options;
    if (from?.extra.delimiter === undefined && from?.extra.columns === undefined) {
      this.#finder = new CsvDialectFinder(delimiter ?? null, columns?.length ?? null);
      return;
    }
    const { delimiter: known = delimiter ?? ",", returns = false } = from.extra;
    this.#open(known, returns, from);
  }

  get fault(): StreamFault | null {
    return this.#inner?.fault ?? null;
  }

  get heldBytes(): number {
    return this.#inner?.heldBytes ?? this.#finder?.seen.length ?? 0;
  }

  get state(): ParserState {
    if (!this.#inner) return this.#options.from ?? { offset: 0, line: 1, extra: {} };
    const { offset, line, extra } = this.#inner.state;
    return { offset, line, extra: { ...extra, ...this.#found } };
  }

  dropRecord(): void {
    this.#inner?.dropRecord();
  }

  push(bytes: Uint8Array): void {
    if (this.#inner) this.#inner.push(bytes);
    else if (this.#finder) this.#begin(this.#finder, this.#finder.take(bytes));
  }

  end(): void {
    if (!this.#inner && this.#finder) this.#begin(this.#finder, this.#finder.end());
    this.#inner?.end();
  }

  #begin(finder: CsvDialectFinder, dialect: ReturnType<CsvDialectFinder["take"]>): void {
    if (!dialect) return;
    const { delimiter, returns, skipBytes } = dialect;
    const { offset, line, extra } = this.#options.from ?? { offset: 0, line: 1, extra: {} };
    const inner = this.#open(delimiter, returns, {
      offset: offset + skipBytes,
      line: skipBytes > 0 ? line + 1 : line,
      extra,
    });
    const bytes = finder.seen.subarray(skipBytes);
    this.#finder = null;
    for (let at = 0; at < bytes.length; at += WINDOW_BYTES) inner.push(bytes.subarray(at, at + WINDOW_BYTES));
  }

  #open(delimiter: string, returns: boolean, from: ParserState): CsvParser {
    const { receiver, columns, maxRecordBytes } = this.#options;
    const optional = { ...(columns ? { columns } : {}), ...(maxRecordBytes ? { maxRecordBytes } : {}) };
    this.#found = { delimiter, returns };
    this.#inner = new CsvParser({ receiver, from, delimiter, returns, ...optional });
    return this.#inner;
  }
}
