import { isUtf8 } from "node:buffer";
import { isExact } from "../../shared/exact-number.ts";
import { Doubtful, LongNumber } from "../../shared/long-number.ts";
import { POSITION, type Scanner } from "../scan/scanner.ts";
import { parseStrict } from "./strict-json.ts";

// Kinds of values, as `wasm/json-value.as.ts` numbers them.
const STRING = 0;
const NUMBER = 1;
const TRUE = 2;
const FALSE = 3;
const NULL = 4;
const WIDE = 5;
const LONG = 6;
const ARRAY = 7;
const NESTED = 8;
const DOUBTFUL = 9;

const QUOTE = 0x22;
/** A list of numbers and words alone. */
const FLAT_LIST = /^\[[^[\]{}"]*\]$/;

/**
 * The values of records of one shape, in their order. A string of ASCII is a slice of the window's text, which costs no copy;
 * what has other bytes is decoded by itself, so that one accent does not make every string of the window two bytes wide.
 */
export class ValueTape {
  readonly #scanner: Scanner;
  readonly #words: Uint32Array;
  readonly #numbers: Float64Array;
  /** The window's text, a byte a character; made when the first string is asked for. */
  #text: string | null = null;
  #textStart = 0;
  #textEnd = 0;
  #entry = 0;
  #trusted = false;
  #rounding = false;
  #doubts = 0;

  constructor(scanner: Scanner) {
    const { buffer } = scanner.bytes;
    this.#scanner = scanner;
    this.#words = new Uint32Array(buffer, scanner.output, scanner.tapeEntries * 4);
    this.#numbers = new Float64Array(buffer, scanner.output, scanner.tapeEntries * 2);
  }

  /**
   * Begins with the first value of what was read from the window's bytes [start, end).
   * @param trusted they are known to be UTF-8.
   */
  rewind(start: number, end: number, trusted: boolean): void {
    this.#text = null;
    this.#textStart = start;
    this.#textEnd = end;
    this.#entry = 0;
    this.#trusted = trusted;
  }

  /** Lets the text go. */
  clear(): void {
    this.#text = null;
  }

  /** How many numbers or lists were read, since it was made, that are not kept as they are. */
  get doubts(): number {
    return this.#doubts;
  }

  /** A value whose numbers, when it is a list of them, may be rounded. @throws {SyntaxError} as `value`. */
  rounded(): unknown {
    const kind = (this.#words[this.#entry * 4] ?? 0) >>> 24;
    this.#rounding = kind === ARRAY || kind === NESTED;
    try {
      return this.value();
    } finally {
      this.#rounding = false;
    }
  }

  /** @throws {SyntaxError} for what the module could not find wrong. */
  value(): unknown {
    const entry = this.#entry++;
    const word = this.#words[entry * 4] ?? 0;
    const end = this.#words[entry * 4 + 1] ?? 0;
    const start = word & POSITION;
    switch (word >>> 24) {
      case STRING:
        return this.#slice(start, end);
      case NUMBER:
        return this.#numbers[entry * 2 + 1];
      case TRUE:
        return true;
      case FALSE:
        return false;
      case NULL:
        return null;
      case WIDE:
        return this.#decode(start, end);
      case LONG:
        return this.#number(this.#slice(start, end));
      case DOUBTFUL:
        return this.#number(this.#slice(start, end));
      case ARRAY:
        return this.#list(end);
      default:
        return this.#nested(start, end);
    }
  }

  #number(text: string): unknown {
    const value = Number(text);
    if (this.#rounding || isExact(text)) return value;
    this.#doubts++;
    return Object.is(value, -0) ? value : new LongNumber(text);
  }

  #nested(start: number, end: number): unknown {
    const text = this.#decode(start, end);
    const bytes = this.#scanner.bytes.subarray(this.#scanner.origin + start, this.#scanner.origin + end);
    if (bytes[0] === QUOTE || (this.#rounding && FLAT_LIST.test(text))) return JSON.parse(text);
    const value = parseStrict(text, bytes, []);
    if (value === undefined) throw new SyntaxError("an object repeats a key");
    if (!(value instanceof Doubtful)) return value;
    this.#doubts++;
    return value.value;
  }

  #list(count: number): unknown[] {
    const values: unknown[] = [];
    for (let index = 0; index < count; index++) values.push(this.value());
    return values;
  }

  #slice(start: number, end: number): string {
    if (this.#text === null) {
      const { bytes, origin } = this.#scanner;
      this.#text = bytes.toString("latin1", origin + this.#textStart, origin + this.#textEnd);
    }
    return this.#text.substring(start - this.#textStart, end - this.#textStart);
  }

  #decode(start: number, end: number): string {
    const { bytes, origin } = this.#scanner;
    if (!this.#trusted && !isUtf8(bytes.subarray(origin + start, origin + end))) throw new SyntaxError("not UTF-8");
    return bytes.toString("utf8", origin + start, origin + end);
  }
}
