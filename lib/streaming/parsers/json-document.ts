import { DEEP, IRREGULAR, ODD_NUMBER, POSITION, Scanner } from "../scan/scanner.ts";
import { Carry } from "./carry.ts";
import { DocumentShape } from "./document-shape.ts";
import { ElementBlock } from "./element-block.ts";
import { isBlank, isSpace } from "./json-text.ts";
import type { Parser, ParserState, RecordReceiver, StreamFault } from "./parser.ts";
import { RecordRuns } from "./record-runs.ts";
import { WindowLines } from "./window-lines.ts";

const DOUBTFUL = IRREGULAR | DEEP | ODD_NUMBER;
const COMMA = 0x2c;
const CLOSE_OBJECT = 0x7d;
const CLOSE_ARRAY = 0x5d;
const NOTHING = Buffer.alloc(0);

export interface JsonDocumentOptions {
  receiver: RecordReceiver;
  from?: ParserState;
  /** Keys that lead from the root to the array, or to the object whose values are the records; none: the root is the array. */
  path?: readonly string[];
  keys?: readonly string[];
  /** Keys of each record whose lists of numbers may be rounded, as vectors are; any other number keeps its value. */
  rounded?: readonly string[];
  maxRecordBytes?: number;
}

/**
 * JSON documents of any size, one behind another, whose records are the elements of one array each, or the values of one object.
 * What lies around them is checked for its shape and released; a root that is no array, with no path given, is one record.
 */
export class JsonDocumentParser implements Parser {
  readonly #scanner = new Scanner();
  readonly #runs: RecordRuns;
  readonly #carry: Carry;
  readonly #shape: DocumentShape;
  readonly #depth: number;
  readonly #lines: WindowLines;
  readonly #block: ElementBlock;
  /** Offset of the unfinished element, or of what comes next; its line is known once it is asked for. */
  #offset: number;
  #fault: StreamFault | null = null;
  /** Where the run of elements that wait for their parse begins in the window, and the events of their ends. */
  #runStart = 0;
  #runFirst = -1;

  constructor({ receiver, from, path = [], keys, rounded = [], maxRecordBytes }: JsonDocumentOptions) {
    this.#carry = new Carry(maxRecordBytes);
    this.#depth = path.length + 1;
    this.#shape = new DocumentShape(path, from?.extra.inside === true, from?.extra.due === true);
    this.#offset = from?.offset ?? 0;
    this.#lines = new WindowLines(this.#scanner, this.#offset, from?.line ?? 1);
    this.#block = new ElementBlock(receiver, rounded, (offset) => this.#lines.of(offset));
    this.#scanner.resetDocument(this.#shape.depth);
    this.#runs = new RecordRuns(this.#scanner, keys ?? null, rounded);
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

  /** Only within the wanted array can another process go on; before it and after it, from the start of the document. */
  get state(): ParserState {
    const { inTarget, elementDue } = this.#shape;
    if (!inTarget) return { offset: 0, line: 1, extra: {} };
    return { offset: this.#offset, line: this.#lines.of(this.#offset), extra: { inside: true, due: elementDue } };
  }

  push(bytes: Uint8Array): void {
    if (this.#fault) return;
    this.#scanner.load(bytes);
    this.#lines.begin(bytes.length);
    this.#runs.begin();
    const left = this.#shape.inTarget ? this.#takeElements(bytes.length) : this.#takeScanned(0, bytes.length, false);
    // Before the next unfinished element takes the place of the one that the block may begin with.
    this.#block.flush();
    if (!this.#fault && left < bytes.length) this.#keepTail(left, bytes.length);
    this.#lines.end();
  }

  end(): void {
    if (this.#fault) return;
    if (this.#carry.active && (this.#shape.isOneRecord || this.#shape.endedWithoutBrackets())) {
      const length = this.#carry.seenBytes;
      this.#takeElement(this.#carry.tooLarge ? null : this.#carry.take(), ODD_NUMBER, this.#offset, length);
      this.#block.flush();
      if (!this.#shape.isOneRecord) return;
      // Its bracket may have been missed long before the end: what stood behind it was taken for a part of it, and is not told.
    }
    const problem = this.#shape.atEnd();
    if (problem) this.#fail(problem.code, problem.message, this.#base);
  }

  get #base(): number {
    return this.#lines.base;
  }

  /**
   * Within the wanted array: ends the element that an earlier window began, reads elements of known shapes as they stand, and scans
   * what is left. Returns where the part of the window begins that belongs to no whole element.
   */
  #takeElements(length: number): number {
    const carried = this.#carry.active;
    let start = carried ? this.#takeScanned(0, length, true) : 0;
    if (this.#fault || this.#carry.active) return start;
    if (this.#shape.inTarget) start = this.#takeKnown(start, length);
    // Where the array has ended, the scan may have stopped at a comma behind it.
    this.#scanner.resetDocument(this.#shape.isOneRecord ? 0 : this.#shape.depth);
    return this.#takeScanned(start, length, false);
  }

  #takeKnown(from: number, length: number): number {
    let start = from;
    while (true) {
      const values = this.#runs.read(start, length, COMMA);
      if (values.length === 0) return start;
      this.#shape.elementDue = true;
      for (let index = 0; index < values.length; index++)
        start = this.#place(this.#scanner.events[index] ?? 0, start, values, index);
    }
  }

  /** @param once up to the next element only, when one ends. */
  #takeScanned(from: number, length: number, once: boolean): number {
    const events = this.#scanner.scanDocument({ from, length, shallow: this.#depth, once });
    const brokenAt = this.#scanner.documentBrokenAt;
    const left = this.#takeEvents(from, events, brokenAt);
    if (!this.#fault && brokenAt < length)
      this.#fail("json-structure", "a line break inside a string", this.#base + brokenAt);
    return left;
  }

  /** Walks the events; returns where the part of the window that no event ended begins. */
  #takeEvents(from: number, events: number, brokenAt: number): number {
    const { events: list, bytes, origin } = this.#scanner;
    let left = from;
    let index = 0;
    this.#runFirst = -1;
    for (; index < events && !this.#fault; index++) {
      const event = list[index] ?? 0;
      const at = event & POSITION;
      if (at >= brokenAt) break;
      const byte = bytes[origin + at] ?? 0;
      if (this.#shape.isOneRecord) {
        if (byte !== CLOSE_ARRAY && byte !== CLOSE_OBJECT) continue;
        this.#takeWhole(left, at + 1);
      } else if (this.#shape.inTarget && byte === COMMA) {
        if (this.#runFirst < 0) {
          this.#runFirst = index;
          this.#runStart = left;
        }
      } else {
        this.#takeRun(index);
        this.#takeShape(byte, left, event);
        if (this.#shape.isOneRecord) {
          left = at;
          continue;
        }
      }
      left = at + 1;
    }
    this.#takeRun(index);
    return left;
  }

  /** A bracket, colon or comma outside of the elements, or the bracket that ends the array. */
  #takeShape(byte: number, left: number, event: number): void {
    const at = event & POSITION;
    const inTarget = this.#shape.inTarget;
    if (inTarget && byte === CLOSE_ARRAY) this.#takeLast(left, event);
    const text = inTarget ? NOTHING : this.#shape.valueDue ? this.#takeValue(left, at) : this.#segment(left, at);
    const problem = this.#shape.take(byte, text);
    if (problem) this.#fail(problem.code, problem.message, this.#base + at);
    this.#carry.clear();
    this.#offset = this.#base + at + 1;
  }

  /** The value that stands before `at` in an object of records. Returns what the document's shape has still to look at. */
  #takeValue(left: number, at: number): Buffer | null {
    if (!this.#carry.active) this.#offset = this.#base + this.#skipSpace(left, at);
    const text = this.#segment(left, at);
    if (text !== null && isBlank(text)) return text;
    this.#takeElement(text, ODD_NUMBER, this.#offset, this.#base + at - this.#offset);
    return null;
  }

  /** A document that is one record, and ends at `end`. */
  #takeWhole(left: number, end: number): void {
    if (!this.#carry.active) this.#offset = this.#base + left;
    this.#takeElement(this.#segment(left, end), ODD_NUMBER, this.#offset, this.#base + end - this.#offset);
    this.#carry.clear();
    this.#shape.endRecord();
    this.#offset = this.#base + end;
  }

  /** Text since the last event, what earlier windows held of it included; of what is too long to hold, nothing. */
  #segment(left: number, at: number): Buffer | null {
    const { bytes, origin } = this.#scanner;
    const here = bytes.subarray(origin + left, origin + at);
    if (!this.#carry.active) return here;
    this.#carry.append(here);
    return this.#carry.tooLarge ? null : this.#carry.take();
  }

  /** The element before the array's closing bracket. */
  #takeLast(left: number, event: number): void {
    const at = event & POSITION;
    const carried = this.#carry.active;
    const text = this.#segment(left, at);
    if (!carried) this.#offset = this.#base + this.#skipSpace(left, at);
    if (text !== null && isBlank(text) && !this.#shape.elementDue) return;
    this.#takeElement(text, event, this.#offset, this.#base + at - this.#offset);
  }

  #takeElement(text: Buffer | null, event: number, offset: number, length: number): void {
    if (text === null) {
      this.#block.refuse("record-too-large", `an element of ${length} bytes`, this.#carry.head, offset);
      this.#carry.clear();
    } else this.#block.parse(text, event, offset);
  }

  /** Elements whose commas are events [runFirst, last). */
  #takeRun(last: number): void {
    const list = this.#scanner.events;
    let index = this.#runFirst;
    if (index < 0) return;
    this.#runFirst = -1;
    let start = this.#runStart;
    this.#shape.elementDue = true;
    if (this.#carry.active) {
      const event = list[index] ?? 0;
      const at = event & POSITION;
      this.#takeElement(this.#segment(start, at), event, this.#offset, this.#base + at - this.#offset);
      start = at + 1;
      this.#offset = this.#base + start;
      index++;
    }
    this.#takePlain(index, last, start);
  }

  #takePlain(first: number, last: number, from: number): void {
    const list = this.#scanner.events;
    let start = from;
    for (let index = first; index < last; ) {
      let stop = index;
      while (stop < last && ((list[stop] ?? 0) & DOUBTFUL) === 0) stop++;
      const values = stop > index ? this.#runs.elements(start, index, stop) : null;
      stop = Math.max(stop, index + 1);
      for (let at = index; at < stop; at++) start = this.#place(list[at] ?? 0, start, values, at - index);
      index = stop;
    }
  }

  /** Hands over the element that ends at `event`: its parsed value, or what it is alone. Returns where the next begins. */
  #place(event: number, start: number, values: unknown[] | null, index: number): number {
    const at = event & POSITION;
    const { bytes, origin } = this.#scanner;
    this.#offset = this.#base + this.#skipSpace(start, at);
    if (values) this.#block.add(values[index], this.#offset);
    else this.#takeElement(bytes.subarray(origin + start, origin + at), event, this.#offset, at - start);
    this.#offset = this.#base + at + 1;
    return at + 1;
  }

  /** Position of the first byte in [start, end) that is not white space, or `end`. */
  #skipSpace(start: number, end: number): number {
    const { bytes, origin } = this.#scanner;
    let at = start;
    while (at < end && isSpace(bytes[origin + at] ?? 0)) at++;
    return at;
  }

  #keepTail(left: number, end: number): void {
    const { bytes, origin } = this.#scanner;
    // White space between records needs no room, and an endless run of it must not become a record.
    const start = this.#carry.active ? left : this.#skipSpace(left, end);
    if (start === end) return;
    const tail = bytes.subarray(origin + start, origin + end);
    if (!this.#carry.active) {
      this.#offset = this.#base + start;
      this.#lines.hold(this.#offset);
    }
    if (this.#shape.finished) {
      if (!isBlank(tail)) this.#fail("json-structure", "text after the document's end", this.#base + left);
      return;
    }
    this.#carry.append(tail);
  }

  #fail(code: StreamFault["code"], message: string, offset: number): void {
    this.#fault ??= { code, message, offset, line: this.#lines.of(offset) };
  }
}
