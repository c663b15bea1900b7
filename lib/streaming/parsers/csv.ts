import { isAscii, isUtf8 } from "node:buffer";
import { HAS_BREAK, HAS_QUOTE, NOT_ASCII, POSITION, QUOTE_WITHIN, ROW_END, Scanner } from "../scan/scanner.ts";
import { Carry } from "./carry.ts";
import { CsvRowReader } from "./csv-row.ts";
import {
  excerptOf,
  type Parser,
  type ParserState,
  type RecordReceiver,
  type RejectCode,
  type StreamFault,
} from "./parser.ts";
import { recordMaker } from "./record-maker.ts";
import { BlockBuilder } from "./records.ts";

export interface CsvOptions {
  receiver: RecordReceiver;
  from?: ParserState;
  /** One byte; a comma by default. */
  delimiter?: string;
  /** Rows may end with a carriage return alone. Such text is read byte by byte. */
  returns?: boolean;
  /** Names of the columns; without them the first row names them. */
  columns?: readonly string[];
  maxRecordBytes?: number;
}

/** More columns than any table has: a header beyond it is a mistake in the delimiter or the format. */
export const MAX_COLUMNS = 4096;

/** Each odd row costs a scan of the rest of its window: a window with more of them is read byte by byte. */
const SCANS_A_WINDOW = 8;

const QUOTE = 0x22;
const CARRIAGE_RETURN = 0x0d;

/**
 * CSV as in RFC 4180: a field that begins with a quote ends at a quote that no quote follows, and other text behind it is an error.
 * The scan finds the fields of whole rows; a row that two windows share, or whose quotes break the rules, is read byte by byte.
 */
export class CsvParser implements Parser {
  readonly #receiver: RecordReceiver;
  readonly #scanner = new Scanner();
  readonly #carry: Carry;
  readonly #delimiter: number;
  readonly #row: CsvRowReader;
  readonly #scans: boolean;
  #columns: readonly string[] | null;
  #make: (values: readonly string[]) => unknown;
  #offset: number;
  #line: number;
  #fault: StreamFault | null = null;

  constructor({ receiver, from, delimiter = ",", returns = false, columns, maxRecordBytes }: CsvOptions) {
    this.#receiver = receiver;
    this.#delimiter = delimiter.charCodeAt(0);
    this.#row = new CsvRowReader(this.#delimiter, returns);
    this.#scans = !returns;
    this.#carry = new Carry(maxRecordBytes);
    this.#columns = from?.extra.columns ?? columns ?? null;
    this.#make = recordMaker(this.#columns ?? []);
    this.#offset = from?.offset ?? 0;
    this.#line = from?.line ?? 1;
  }

  get fault(): StreamFault | null {
    return this.#fault;
  }

  get heldBytes(): number {
    return this.#carry.heldBytes;
  }

  dropRecord(): void {
    this.#carry.overflow();
  }

  get state(): ParserState {
    return { offset: this.#offset, line: this.#line, extra: this.#columns ? { columns: [...this.#columns] } : {} };
  }

  push(bytes: Uint8Array): void {
    const block = new BlockBuilder();
    let rest = bytes;
    for (let scans = 0; rest.length > 0 && !this.#fault; ) {
      const aligned = this.#scans && !this.#carry.active && this.#columns !== null && scans < SCANS_A_WINDOW;
      const taken = aligned ? this.#takeRows(rest, block) : 0;
      if (aligned) scans = taken < 0 ? SCANS_A_WINDOW : scans + 1;
      rest = rest.subarray(Math.max(taken, 0));
      // What is left begins with a row that the scan cannot take: it spans windows, is odd, or is the header.
      if (rest.length > 0) rest = rest.subarray(this.#takeBytewise(rest, block));
    }
    if (block.records.length > 0) this.#receiver.block(block);
  }

  end(): void {
    if (!this.#carry.active || this.#fault) return;
    const block = new BlockBuilder();
    this.#finishRow(block, this.#row.finish());
    if (block.records.length > 0) this.#receiver.block(block);
  }

  /** Reads one row to its end, or to the end of the window. Returns the bytes taken. */
  #takeBytewise(bytes: Uint8Array, block: BlockBuilder): number {
    const end = this.#row.read(bytes);
    this.#carry.append(bytes.subarray(0, end < 0 ? bytes.length : end));
    if (end < 0) return bytes.length;
    this.#finishRow(block, this.#row.finish());
    return end;
  }

  #finishRow(block: BlockBuilder, row: ReturnType<CsvRowReader["finish"]>): void {
    const carry = this.#carry;
    const length = carry.seenBytes;
    if (carry.tooLarge && !this.#columns) this.#fail(`the header is too large: ${length} bytes`);
    else if (carry.tooLarge) this.#refuse("record-too-large", `a row of ${length} bytes`, carry.head);
    else this.#takeRow(carry.take(), row, block);
    carry.clear();
    this.#offset += length;
    this.#line += row.newlines;
  }

  #takeRow(bytes: Buffer, row: ReturnType<CsvRowReader["finish"]>, block: BlockBuilder): void {
    const fields = row.fields(bytes);
    const blank = fields.length === 1 && fields[0] === "" && bytes[0] !== QUOTE;
    const headerProblem = this.#columns ? null : (row.problem ?? textProblem(bytes));
    if (headerProblem) this.#fail(`the header cannot be read: ${headerProblem}`);
    else if (row.problem) this.#refuse("malformed-csv", row.problem, bytes);
    else if (!isUtf8(bytes)) this.#refuse("invalid-utf8", "not valid UTF-8", bytes);
    else if (blank) return;
    else if (!this.#columns) this.#nameColumns(fields);
    else if (fields.length === this.#columns.length) block.add(this.#make(fields), this.#offset, this.#line);
    else this.#refuse("column-count", this.#countMessage(fields.length), bytes);
  }

  #nameColumns(names: string[]): void {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (names.length > MAX_COLUMNS) this.#fail(`the header has ${names.length} columns; the limit is ${MAX_COLUMNS}`);
    else if (twice !== undefined) this.#fail(`the header repeats the column "${twice.slice(0, 40)}"`);
    else if (names.includes("")) this.#fail("the header has a column without a name");
    this.#columns = names;
    this.#make = recordMaker(names);
  }

  #fail(message: string): void {
    this.#fault ??= { code: "csv-header", message, line: this.#line, offset: this.#offset };
  }

  /** Takes the whole rows that the scan vouches for. Returns the bytes they take, or -1 when no scan of this window helps. */
  #takeRows(bytes: Uint8Array, block: BlockBuilder): number {
    const scanner = this.#scanner;
    scanner.load(bytes);
    const window = scanner.bytes.subarray(scanner.origin, scanner.origin + bytes.length);
    const ascii = isAscii(window);
    const { rows } = scanner.scanCsv(bytes.length, this.#delimiter, !ascii);
    if (rows === 0) return 0;
    const end = (scanner.rowEnds[rows - 1] ?? 0) + 1;
    const whole = window.subarray(0, end);
    // One bad byte anywhere: row by row, so that only its own row is refused.
    if (!ascii && !isUtf8(whole)) return -1;
    this.#takeScanned(whole, rows, block);
    return end;
  }

  /**
   * Fields of ASCII are slices of one string of the window, a byte a character, which costs no copy; others are decoded by themselves, so
   * that one accent does not make all of them two bytes wide.
   */
  #takeScanned(bytes: Buffer, rows: number, block: BlockBuilder): void {
    const { events, rowEnds } = this.#scanner;
    const text = bytes.toString("latin1", 0, bytes.length);
    const columns = this.#columns?.length ?? 0;
    const fields: string[] = new Array(columns).fill("");
    const make = this.#make;
    let offset = this.#offset;
    let line = this.#line;
    let index = 0;
    let start = 0;
    for (let row = 0; row < rows; row++) {
      const rowStart = start;
      const lineStart = line++;
      let count = 0;
      let wellQuoted = true;
      for (let last = false; !last; index++) {
        const event = events[index] ?? 0;
        const end = event & POSITION;
        let stop = end;
        last = event >= ROW_END;
        if (last && stop > start && text.charCodeAt(stop - 1) === CARRIAGE_RETURN) stop--;
        // Where the scan lets a quote stand, the field begins with one.
        const quotes = (event & HAS_QUOTE) === 0 ? 0 : 1;
        if (quotes > 0) {
          wellQuoted &&= stop - start > 1 && text.charCodeAt(stop - 1) === QUOTE;
          if (event & HAS_BREAK) line += countNewlines(text.slice(start, stop));
        }
        let field =
          event & NOT_ASCII ? decode(bytes, start + quotes, stop - quotes) : text.slice(start + quotes, stop - quotes);
        if (event & QUOTE_WITHIN) field = field.replaceAll('""', '"');
        if (count < columns) fields[count] = field;
        count++;
        start = end + 1;
      }
      if (count === columns && wellQuoted && (columns > 1 || fields[0] !== "" || bytes[rowStart] === QUOTE))
        block.add(make(fields), offset, lineStart);
      else this.#refuseScanned(bytes.subarray(rowStart, rowEnds[row]), count, wellQuoted, offset, lineStart);
      offset += start - rowStart;
    }
    this.#offset = offset;
    this.#line = line;
  }

  #refuseScanned(row: Buffer, count: number, wellQuoted: boolean, offset: number, line: number): void {
    this.#offset = offset;
    this.#line = line;
    const blank = row.length === 0 || (row.length === 1 && row[0] === CARRIAGE_RETURN);
    if (blank) return;
    if (wellQuoted) this.#refuse("column-count", this.#countMessage(count), row);
    else this.#refuse("malformed-csv", "text after a closing quote", row);
  }

  #countMessage(count: number): string {
    return `${count} fields, but the header has ${this.#columns?.length ?? 0}`;
  }

  #refuse(code: RejectCode, message: string, record: Uint8Array): void {
    const [line, offset] = [this.#line, this.#offset];
    this.#receiver.reject(() => ({ line, offset, code, message, excerpt: excerptOf(record) }));
  }
}

/** What would be taken for names, though the text is of another encoding. */
function textProblem(bytes: Buffer): string | null {
  if (!isUtf8(bytes)) return "it is not valid UTF-8 (set the parameter encoding, for example windows-1252)";
  return bytes.includes(0) ? "it contains a NUL (set encoding=utf-16le if the text is UTF-16)" : null;
}

function decode(bytes: Buffer, start: number, end: number): string {
  return bytes.toString("utf8", start, Math.max(start, end));
}

function countNewlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
