import { BLANK, DEEP, HUGE_NUMBER, IRREGULAR, POSITION, PROJECTED, Scanner } from "../scan/scanner.ts";
import { Carry } from "./carry.ts";
import { isBlank, parseOne, parseRun } from "./json-text.ts";
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

const DOUBTFUL = IRREGULAR | DEEP | HUGE_NUMBER | BLANK;

export interface JsonLinesOptions {
  receiver: RecordReceiver;
  /** Where to go on; from the beginning by default. */
  from?: ParserState;
  /** Only these keys of each record are needed: what is passed over is checked for its structure alone. */
  keys?: readonly string[];
  maxRecordBytes?: number;
}

/**
 * NDJSON. The scan finds line breaks, and vouches for lines whose brackets balance: such lines are parsed many at a time, as the
 * inside of one array, which takes a fifth off the cost of small records. What it does not vouch for is parsed alone.
 */
export class JsonLinesParser implements Parser {
  readonly fault: StreamFault | null = null;
  readonly #receiver: RecordReceiver;
  readonly #scanner = new Scanner();
  readonly #runs = new RecordRuns(this.#scanner);
  readonly #carry: Carry;
  /** Offset and line of the unfinished record, or of the next one. */
  #offset: number;
  #line: number;

  constructor({ receiver, from, keys, maxRecordBytes }: JsonLinesOptions) {
    this.#receiver = receiver;
    this.#offset = from?.offset ?? 0;
    this.#line = from?.line ?? 1;
    this.#carry = new Carry(maxRecordBytes);
    this.#scanner.resetLines();
    if (keys) this.#scanner.selectKeys(keys);
  }

  get state(): ParserState {
    return { offset: this.#offset, line: this.#line, extra: {} };
  }

  get heldBytes(): number {
    return this.#carry.heldBytes;
  }

  letGo(): void {
    this.#carry.overflow();
  }

  push(bytes: Uint8Array): void {
    const scanner = this.#scanner;
    scanner.load(bytes);
    const continued = this.#carry.active;
    const events = scanner.scanLines(bytes.length, continued);
    const block = new BlockBuilder();
    let first = 0;
    let start = 0;
    if (continued && events > 0) {
      const event = scanner.events[0] ?? 0;
      this.#finishCarried(this.#window(0, event & POSITION), event, block);
      start = (event & POSITION) + 1;
      first = 1;
    }
    if (scanner.projecting) this.#takeProjected(first, events, start, block);
    else this.#takeRuns(first, events, start, block);
    const tail = events === 0 ? 0 : ((scanner.events[events - 1] ?? 0) & POSITION) + 1;
    if (tail < bytes.length) this.#carry.append(this.#window(tail, bytes.length));
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

  #finishCarried(rest: Buffer, event: number, block: BlockBuilder): void {
    const carry = this.#carry;
    const length = carry.seenBytes + rest.length;
    carry.append(rest);
    if (carry.tooLarge) {
      this.#refuse("record-too-large", `a line of ${length} bytes`, carry.excerpt());
      carry.clear();
    } else this.#parseAlone(carry.take(), event & ~BLANK, block);
    this.#offset += length + 1;
    this.#line++;
  }

  /** Lines from event `first` on, which begin at `start`, in runs as long as the scan vouches for them. */
  #takeRuns(first: number, events: number, start: number, block: BlockBuilder): void {
    const list = this.#scanner.events;
    let index = first;
    let lineStart = start;
    while (index < events) {
      let last = index;
      while (last < events && ((list[last] ?? 0) & DOUBTFUL) === 0) last++;
      if (last > index) {
        this.#takeRun(index, last, lineStart, block);
        lineStart = ((list[last - 1] ?? 0) & POSITION) + 1;
        index = last;
        continue;
      }
      lineStart = this.#takeLine(list[index] ?? 0, lineStart, block);
      index++;
    }
  }

  #takeRun(index: number, last: number, start: number, block: BlockBuilder): void {
    const { events } = this.#scanner;
    const values = this.#runs.parse(start, index, last);
    let lineStart = start;
    for (let at = index; at < last; at++) {
      const event = events[at] ?? 0;
      if (!values) {
        lineStart = this.#takeLine(event, lineStart, block);
        continue;
      }
      block.add(values[at - index], this.#offset, this.#line);
      const next = (event & POSITION) + 1;
      this.#offset += next - lineStart;
      this.#line++;
      lineStart = next;
    }
  }

  /** One line by itself. Returns where the next begins. */
  #takeLine(event: number, lineStart: number, block: BlockBuilder): number {
    const end = event & POSITION;
    if (!(event & BLANK)) this.#parseAlone(this.#window(lineStart, end), event, block);
    this.#offset += end + 1 - lineStart;
    this.#line++;
    return end + 1;
  }

  /** Lines that the scan copied with their selected keys are parsed from the copy; the others alone, in their order. */
  #takeProjected(first: number, events: number, start: number, block: BlockBuilder): void {
    const { bytes, output, projectedBytes, events: list } = this.#scanner;
    let copied = 0;
    for (let index = first; index < events; index++) if ((list[index] ?? 0) & PROJECTED) copied++;
    const values = copied > 0 ? parseRun(bytes, output, output + projectedBytes - 1, copied) : null;
    let next = 0;
    let lineStart = start;
    for (let index = first; index < events; index++) {
      const event = list[index] ?? 0;
      if (!values || !(event & PROJECTED)) {
        lineStart = this.#takeLine(event, lineStart, block);
        continue;
      }
      block.add(values[next++], this.#offset, this.#line);
      const after = (event & POSITION) + 1;
      this.#offset += after - lineStart;
      this.#line++;
      lineStart = after;
    }
  }

  #parseAlone(bytes: Buffer, flags: number, block: BlockBuilder): void {
    const body =
      this.#offset === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
    if (isBlank(body)) return;
    const parsed = parseOne(body, flags);
    if ("value" in parsed) block.add(parsed.value, this.#offset, this.#line);
    else this.#refuse(parsed.code, parsed.message, excerptOf(bytes));
  }

  #refuse(code: RejectCode, message: string, excerpt: string): void {
    this.#receiver.reject({ line: this.#line, offset: this.#offset, code, message, excerpt });
  }
}
