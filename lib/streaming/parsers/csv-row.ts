const QUOTE = 0x22;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Where in a field the reader is. */
type Place = "start" | "bare" | "quoted" | "after-quote" | "after-return" | "broken";

interface Row {
  problem: string | null;
  /** Line breaks in the row's bytes, its own included. */
  newlines: number;
  /** A carriage return ended it, with no line feed behind. */
  endedByReturn: boolean;
  /** The fields, from the row's bytes. */
  fields(bytes: Buffer): string[];
}

/**
 * Reads one row of CSV a byte at a time, over as many chunks as it takes, and remembers where its fields end. A quote within a field that
 * does not begin with one is a character like any other. A row with an error ends at the next line break, outside of quotes or
 * not: so one stray quote does not swallow the rows after it.
 */
export class CsvRowReader {
  readonly #delimiter: number;
  readonly #returns: boolean;
  #place: Place = "start";
  #problem: string | null = null;
  #ends: number[] = [];
  #length = 0;
  #newlines = 0;
  #ended = false;
  /** A return has ended the row, to which a line feed that follows belongs. */
  #returned = false;

  /** @param returns a carriage return ends a row even where no line feed follows. */
  constructor(delimiter: number, returns = false) {
    this.#delimiter = delimiter;
    this.#returns = returns;
  }

  /** Reads on. @returns how many bytes belong to the row, when it ends in `bytes`; otherwise -1. */
  read(bytes: Uint8Array): number {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (this.#returned) return this.#endAfterReturn(byte, at);
      if (byte === NEWLINE) {
        this.#newlines++;
        if (this.#place !== "quoted") {
          this.#ends.push(this.#length + at);
          this.#ended = true;
          return at + 1;
        }
      } else if (byte === CARRIAGE_RETURN && this.#returns && this.#place !== "quoted") {
        this.#ends.push(this.#length + at);
        this.#returned = true;
      } else this.#step(byte, this.#length + at);
    }
    this.#length += bytes.length;
    return -1;
  }

  #endAfterReturn(byte: number, at: number): number {
    this.#newlines++;
    this.#ended = byte === NEWLINE;
    return this.#ended ? at + 1 : at;
  }

  #step(byte: number, position: number): void {
    const place = this.#place;
    if (place === "quoted") {
      if (byte === QUOTE) this.#place = "after-quote";
      return;
    }
    if (place === "broken") return;
    if (place === "after-return") this.#break("text after a closing quote");
    else if (byte === this.#delimiter) {
      this.#ends.push(position);
      this.#place = "start";
    } else if (byte === QUOTE) this.#quote(place);
    else if (place !== "after-quote") this.#place = "bare";
    else if (byte === CARRIAGE_RETURN) this.#place = "after-return";
    else this.#break("text after a closing quote");
  }

  #quote(place: Place): void {
    if (place === "start" || place === "after-quote") this.#place = "quoted";
  }

  #break(problem: string): void {
    this.#place = "broken";
    this.#problem ??= problem;
  }

  /** The row has ended, by its line break or with the input; the reader is ready for the next one. */
  finish(): Row {
    const ends = this.#ends;
    const problem = this.#place === "quoted" ? "a quoted field is not closed" : this.#problem;
    if (!this.#ended && !this.#returned) ends.push(this.#length);
    const newlines = this.#newlines;
    const endedByReturn = this.#returned && !this.#ended;
    this.#place = "start";
    this.#problem = null;
    this.#ends = [];
    this.#length = 0;
    this.#newlines = 0;
    this.#ended = false;
    this.#returned = false;
    return { problem, newlines, endedByReturn, fields: (bytes) => fieldsOf(bytes, ends) };
  }
}

function fieldsOf(bytes: Buffer, ends: readonly number[]): string[] {
  let start = 0;
  return ends.map((end, index) => {
    let stop = end;
    if (index === ends.length - 1 && stop > start && bytes[stop - 1] === CARRIAGE_RETURN) stop--;
    const quoted = bytes[start] === QUOTE && stop > start;
    const text = quoted
      ? bytes.toString("utf8", start + 1, Math.max(start + 1, stop - 1))
      : bytes.toString("utf8", start, stop);
    start = end + 1;
    return quoted ? text.replaceAll('""', '"') : text;
  });
}
