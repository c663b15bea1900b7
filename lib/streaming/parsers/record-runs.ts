import { isAscii, isUtf8 } from "node:buffer";
import { Doubtful } from "../../shared/long-number.ts";
import { POSITION, type Scanner } from "../scan/scanner.ts";
import { parseRun } from "./json-text.ts";
import { learnShape, type RecordShape } from "./record-shape.ts";
import { parseStrict } from "./strict-json.ts";
import { ValueTape } from "./value-tape.ts";

/** Records of no known shape that are read by themselves; with more of them, the rest of the run goes to JSON.parse at once. */
const STRANGERS_A_RUN = 8;
/** Runs that turned out malformed; with more of them in a window, each record is looked at by itself. */
const MALFORMED_A_WINDOW = 8;
/** Shapes learned over a parser's life: records that have more are not of few shapes. */
const LEARNED_AT_MOST = 16;

/**
 * Reads many records at a time. Those of a known shape are made straight from their values, at twice the speed of JSON.parse,
 * which has to find out again for each record what its keys are; it reads all others.
 */
export class RecordRuns {
  readonly #scanner: Scanner;
  readonly #keys: readonly string[] | null;
  readonly #rounded: readonly string[];
  readonly #tape: ValueTape;
  /** The shape last used comes first; `slot` is its place in the module. */
  readonly #known: { slot: number; shape: RecordShape }[] = [];
  #learned = 0;
  #malformed = 0;

  /**
   * @param keys that records are wanted with; null for all.
   * @param rounded keys whose lists of numbers may be rounded.
   */
  constructor(scanner: Scanner, keys: readonly string[] | null = null, rounded: readonly string[] = []) {
    this.#scanner = scanner;
    this.#keys = keys;
    this.#rounded = rounded;
    this.#tape = new ValueTape(scanner);
  }

  /** Another window has been loaded. */
  begin(): void {
    this.#malformed = 0;
  }

  /**
   * Reads records of one known shape from `start` on, each with the byte `terminator` behind it, as many as the window's first `length`
   * bytes hold.
   * @returns their values; the events are their ends. None when the record at `start` has no known shape, or something is wrong.
   */
  read(start: number, length: number, terminator: number): unknown[] {
    const read = this.#tryKnown((slot) => this.#scanner.readRecords(slot, start, length, terminator));
    if (read === 0) return [];
    const end = this.#endOf(read - 1);
    // Of what is passed over the structure alone counts.
    const trusted = this.#keys === null;
    if (trusted && !this.#isUtf8(start, end)) return [];
    const values: unknown[] = [];
    return this.#unlessMalformed(() => {
      this.#make(read, start, end, trusted, values);
      return values;
    }, []);
  }

  /**
   * Learns the shape of the record in the window's bytes [start, end).
   * @returns whether there is one to read by.
   */
  learn(start: number, end: number): boolean {
    if (this.#learned >= LEARNED_AT_MOST) return false;
    const text = this.#text(start, end);
    return this.#unlessMalformed(() => {
      JSON.parse(text);
      return this.#learn(text);
    }, false);
  }

  /**
   * Parses the records that end at events [first, last), the first of which begins at `start`; the scan vouches for them.
   * @returns null unless all of them are valid.
   */
  elements(start: number, first: number, last: number): unknown[] | null {
    // Its refusal costs more than to parse a short record: a window of nothing else would take for ever.
    if (this.#malformed > MALFORMED_A_WINDOW || !this.#isUtf8(start, this.#endOf(last - 1))) return null;
    return this.#unlessMalformed(() => this.#parseElements(start, first, last), null);
  }

  #parseElements(start: number, first: number, last: number): unknown[] | null {
    const { origin } = this.#scanner;
    const values: unknown[] = [];
    let from = start;
    let strangers = 0;
    for (let index = first; index < last; ) {
      const read = this.#readElements(index, last, from);
      if (read > 0) this.#make(read, from, this.#endOf(index + read - 1), true, values);
      else if (strangers++ < STRANGERS_A_RUN) values.push(this.#parseStranger(from, this.#endOf(index)));
      else {
        const rest = parseRun(this.#scanner, origin + from, origin + this.#endOf(last - 1), last - index);
        return rest && values.concat(rest);
      }
      index += Math.max(read, 1);
      from = this.#endOf(index - 1) + 1;
    }
    return values;
  }

  #readElements(index: number, last: number, from: number): number {
    return this.#tryKnown((slot) => this.#scanner.readElements(slot, index, last, from));
  }

  /** How many records have the first of the known shapes that any has, which comes first from now on. */
  #tryKnown(read: (slot: number) => number): number {
    for (const [rank, known] of this.#known.entries()) {
      const count = read(known.slot);
      if (count === 0) continue;
      if (rank > 0) this.#known.unshift(...this.#known.splice(rank, 1));
      return count;
    }
    return 0;
  }

  /** Makes the records on the tape, which have the shape that comes first. */
  #make(count: number, start: number, end: number, trusted: boolean, values: unknown[]): void {
    const make = this.#known[0]?.shape.make;
    this.#tape.rewind(start, end, trusted);
    for (let left = count; left > 0; left--) {
      const before = this.#tape.doubts;
      const value = make?.(this.#tape);
      values.push(this.#tape.doubts === before ? value : new Doubtful(value));
    }
  }

  /** @throws {SyntaxError} */
  #parseStranger(start: number, end: number): unknown {
    const text = this.#text(start, end);
    const { bytes, origin } = this.#scanner;
    const value = parseStrict(text, bytes.subarray(origin + start, origin + end), this.#rounded);
    if (value === undefined) throw new SyntaxError("an object repeats a key");
    this.#learn(text);
    return value;
  }

  /** @param text valid JSON. */
  #learn(text: string): boolean {
    if (this.#learned >= LEARNED_AT_MOST) return false;
    this.#learned++;
    const shape = learnShape(text, this.#keys, this.#rounded);
    if (!shape) return false;
    const full = this.#known.length === this.#scanner.shapeSlots;
    const slot = full ? (this.#known.pop()?.slot ?? 0) : this.#known.length;
    const written = this.#scanner.writeShape(slot, shape.literals, shape.kept);
    if (written) this.#known.unshift({ slot, shape });
    return written;
  }

  /** What only the making of a value finds wrong is for the caller to look at record by record. */
  #unlessMalformed<Result>(attempt: () => Result, otherwise: Result): Result {
    try {
      return attempt();
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#malformed++;
      return otherwise;
    } finally {
      this.#tape.clear();
    }
  }

  #isUtf8(start: number, end: number): boolean {
    const { bytes, origin } = this.#scanner;
    const part = bytes.subarray(origin + start, origin + end);
    return isAscii(part) || isUtf8(part);
  }

  #text(start: number, end: number): string {
    const { bytes, origin } = this.#scanner;
    return bytes.toString("utf8", origin + start, origin + end);
  }

  #endOf(event: number): number {
    return (this.#scanner.events[event] ?? 0) & POSITION;
  }
}
