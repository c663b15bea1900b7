import { BLANK, DEEP, IRREGULAR, ODD_NUMBER, POSITION, Scanner } from "../scan/scanner.ts";
import { Carry } from "./carry.ts";
import { isBlank, parseOne } from "./json-text.ts";
import {
  excerptOf,
  type Parser,
  type ParserState,
  type RecordReceiver,
  type RejectCode,
  type StreamFault,
} from "./parser.ts";
import { RecordRuns } from "./record-runs.ts";
import { BlockBuilder } from "./records.ts";

const NEWLINE = 0x0a;
const DOUBTFUL = IRREGULAR | DEEP | ODD_NUMBER | BLANK;

export interface JsonLinesOptions {
  receiver: RecordReceiver;
  /** Where to go on; from the beginning by default. */
  from?: ParserState;
  /** Only these keys of each record are needed: what is passed over is checked for its structure alone. */
  keys?: readonly string[];
  /** Keys of each record whose lists of numbers may be rounded, as vectors are; any other number keeps its value. */
  rounded?: readonly string[];
  maxRecordBytes?: number;
}

/**
 * NDJSON. Lines of a known shape are read straight from the window. Where there are others the scan finds line breaks, and vouches for
 * lines whose brackets balance: such lines are parsed many at a time. What it does not vouch for is parsed alone.
 */
export class JsonLinesParser implements Parser {
  readonly fault: StreamFault | null = null;
  readonly #receiver: RecordReceiver;
  readonly #scanner = new Scanner();
  readonly #runs: RecordRuns;
  readonly #carry: Carry;
  readonly #rounded: readonly string[];
  /** Offset and line of the unfinished record, or of the next one. */
  #offset: number;
  #line: number;

  constructor({ receiver, from, keys, rounded = [], maxRecordBytes }: JsonLinesOptions) {
    this.#receiver = receiver;
    this.#offset = from?.offset ?? 0;
    this.#line = from?.line ?? 1;
    this.#carry = new Carry(maxRecordBytes);
    this.#rounded = rounded;
    this.#runs = new RecordRuns(this.#scanner, keys ?? null, rounded);
  }

  get state(): ParserState {
    return { offset: this.#offset, line: this.#line, extra: {} };
  }

  get heldBytes(): number {
    return this.#carry.heldBytes;
  }

  dropRecord(): void {
    this.#carry.overflow();
  }

  push(bytes: Uint8Array): void {
    const block = new BlockBuilder();
    this.#scanner.load(bytes);
    this.#runs.begin();
    let start = this.#carry.active ? this.#finishCarried(bytes, block) : 0;
    start = this.#takeKnown(start, bytes, block);
    if (bytes.indexOf(NEWLINE, start) >= 0) start = this.#takeScanned(start, bytes.length, block);
    if (start < bytes.length) this.#carry.append(bytes.subarray(start));
    if (block.records.length > 0) this.#receiver.block(block);
  }

  end(): void {
    if (!this.#carry.active) return;
    // A line break that is missing at the end: scanned for, so that the last line gets its flags.
    this.push(Buffer.from("\n"));
    this.#offset--;
  }

  #window(from: number, to: number): Buffer {
    const { bytes, origin } = this.#scanner;
    return bytes.subarray(origin + from, origin + to);
  }

  /** The line that an earlier window began. Returns where the next begins, or the window's end. */
  #finishCarried(bytes: Uint8Array, block: BlockBuilder): number {
    const carry = this.#carry;
    const end = bytes.indexOf(NEWLINE);
    carry.append(end < 0 ? bytes : bytes.subarray(0, end));
    if (end < 0) return bytes.length;
    const length = carry.seenBytes;
    if (carry.tooLarge) {
      this.#refuse("record-too-large", `a line of ${length} bytes`, carry.head);
      carry.clear();
    } else this.#parseAlone(carry.take(), ODD_NUMBER, block);
    this.#offset += length + 1;
    this.#line++;
    return end + 1;
  }

  /** Lines of known shapes, of which the first that has none is one from then on. Returns where the next line begins. */
  #takeKnown(from: number, bytes: Uint8Array, block: BlockBuilder): number {
    let start = from;
    let justLearned = false;
    while (true) {
      const values = this.#runs.read(start, bytes.length, NEWLINE);
      start = this.#place(values, 0, start, block);
      if (values.length > 0) justLearned = false;
      else {
        const end = justLearned ? -1 : bytes.indexOf(NEWLINE, start);
        if (end < 0 || !this.#runs.learn(start, end)) return start;
        justLearned = true;
      }
    }
  }

  /** Lines that no known shape serves, from `start` to the window's last line break. Returns where the rest begins. */
  #takeScanned(start: number, length: number, block: BlockBuilder): number {
    const scanner = this.#scanner;
    const events = scanner.scanLines(start, length);
    this.#takeRuns(events, start, block);
    return ((scanner.events[events - 1] ?? 0) & POSITION) + 1;
  }

  /** Lines in runs as long as the scan vouches for them. */
  #takeRuns(events: number, start: number, block: BlockBuilder): void {
    const list = this.#scanner.events;
    let lineStart = start;
    for (let index = 0; index < events; ) {
      let last = index;
      while (last < events && ((list[last] ?? 0) & DOUBTFUL) === 0) last++;
      const values = last > index ? this.#runs.elements(lineStart, index, last) : null;
      if (values) lineStart = this.#place(values, index, lineStart, block);
      else {
        last = Math.max(last, index + 1);
        for (let at = index; at < last; at++) lineStart = this.#takeLine(list[at] ?? 0, lineStart, block);
      }
      index = last;
    }
  }

  /** Hands over the lines that end at the events from `first` on. Returns where the next begins. */
  #place(values: readonly unknown[], first: number, start: number, block: BlockBuilder): number {
    const list = this.#scanner.events;
    let lineStart = start;
    for (let index = 0; index < values.length; index++) {
      block.add(values[index], this.#offset, this.#line);
      const next = ((list[first + index] ?? 0) & POSITION) + 1;
      this.#offset += next - lineStart;
      this.#line++;
      lineStart = next;
    }
    return lineStart;
  }

  /** One line by itself. Returns where the next begins. */
  #takeLine(event: number, lineStart: number, block: BlockBuilder): number {
    const end = event & POSITION;
    if (!(event & BLANK)) this.#parseAlone(this.#window(lineStart, end), event, block);
    this.#offset += end + 1 - lineStart;
    this.#line++;
    return end + 1;
  }

  #parseAlone(bytes: Buffer, flags: number, block: BlockBuilder): void {
    if (isBlank(bytes)) return;
    const parsed = parseOne(bytes, flags, this.#rounded, this.#receiver.describes());
    if ("value" in parsed) block.add(parsed.value, this.#offset, this.#line);
    else this.#refuse(parsed.code, parsed.message, bytes);
  }

  #refuse(code: RejectCode, message: string, record: Uint8Array): void {
    const [line, offset] = [this.#line, this.#offset];
    this.#receiver.reject(() => ({ line, offset, code, message, excerpt: excerptOf(record) }));
  }
}
