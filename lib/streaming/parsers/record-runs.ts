import { isAscii, isUtf8 } from "node:buffer";
import { POSITION, type Scanner } from "../scan/scanner.ts";
import { parseRun } from "./json-text.ts";
import { learnShape, type RecordShape } from "./record-shape.ts";
import { ValueTape } from "./value-tape.ts";

/** Records of no known shape that are read by themselves; with more of them, the rest of the run goes to JSON.parse at once. */
const STRANGERS_A_RUN = 8;
/** Shapes learned over a parser's life: records that have more are not of few shapes. */
const LEARNED_AT_MOST = 16;

/**
 * Reads runs of records that the scan vouches for. Those of a known shape are made straight from their values, at some three
 * times the speed of JSON.parse, which has to find out anew for each record what its keys are; it reads all others.
 */
export class RecordRuns {
  readonly #scanner: Scanner;
  readonly #tape: ValueTape;
  /** The shape last used comes first; `slot` is its place in the module. */
  readonly #known: { slot: number; shape: RecordShape }[] = [];
  #learned = 0;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
    this.#tape = new ValueTape(scanner);
  }

  /**
   * Parses the records that end at events [first, last), the first of which begins at `start`.
   * @returns null unless all of them are valid.
   */
  parse(start: number, first: number, last: number): unknown[] | null {
    const { bytes, origin } = this.#scanner;
    const end = this.#endOf(last - 1);
    const whole = bytes.subarray(origin + start, origin + end);
    if (!isAscii(whole) && !isUtf8(whole)) return null;
    const values: unknown[] = [];
    let from = start;
    let strangers = 0;
    try {
      for (let index = first; index < last; ) {
        const read = this.#readShaped(index, last, from, values);
        if (read === 0 && strangers === STRANGERS_A_RUN) {
          const rest = parseRun(bytes, origin + from, origin + end, last - index);
          return rest && values.concat(rest);
        }
        if (read === 0) {
          strangers++;
          values.push(this.#readStranger(from, this.#endOf(index)));
        }
        index += Math.max(read, 1);
        from = this.#endOf(index - 1) + 1;
      }
      return values;
    } catch (error) {
      if (error instanceof SyntaxError) return null;
      throw error;
    } finally {
      this.#tape.clear();
    }
  }

  /** Reads as many records as have one of the shapes. */
  #readShaped(index: number, last: number, from: number, values: unknown[]): number {
    for (const [rank, known] of this.#known.entries()) {
      const read = this.#scanner.readShaped(known.slot, index, last, from);
      if (read === 0) continue;
      if (rank > 0) this.#known.unshift(...this.#known.splice(rank, 1));
      this.#tape.rewind(from, this.#endOf(index + read - 1));
      const { make } = known.shape;
      for (let count = 0; count < read; count++) values.push(make(this.#tape));
      return read;
    }
    return 0;
  }

  /** @throws {SyntaxError} */
  #readStranger(start: number, end: number): unknown {
    const { bytes, origin } = this.#scanner;
    const text = bytes.toString("utf8", origin + start, origin + end);
    const value: unknown = JSON.parse(text);
    if (this.#learned < LEARNED_AT_MOST) this.#learn(text);
    return value;
  }

  #learn(text: string): void {
    this.#learned++;
    const shape = learnShape(text);
    if (!shape) return;
    const full = this.#known.length === this.#scanner.shapeSlots;
    const slot = full ? (this.#known.pop()?.slot ?? 0) : this.#known.length;
    if (this.#scanner.writeShape(slot, shape.literals)) this.#known.unshift({ slot, shape });
  }

  #endOf(event: number): number {
    return (this.#scanner.events[event] ?? 0) & POSITION;
  }
}
