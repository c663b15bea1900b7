import { CsvRowReader } from "./csv-row.ts";

/** How a table is written, as its first row tells. */
export interface CsvDialect {
  delimiter: string;
  /** Rows end with a carriage return alone. */
  returns: boolean;
  /** Bytes before the first row: the line that tells spreadsheets the delimiter. */
  skipBytes: number;
}

interface Candidate {
  delimiter: string;
  reader: CsvRowReader;
  /** The first row, once it has ended. */
  row: { fields: readonly string[]; problem: string | null; endedByReturn: boolean } | null;
}

const COMMA = ",";
const DELIMITERS = [COMMA, ";", "\t", "|"];
/** Where a quote keeps a first row open with one delimiter, and not with another, it is given this many bytes to end. */
const OPEN_ROW_BYTES = 64 * 1024;
/** The first row may be this long, and a window longer; the parser will refuse what is longer still. */
const LONGEST_LOOK = 1024 * 1024;
const SEPARATOR_LINE = /^"?sep=([^"\r\n])"?(\r\n|\r|\n|$)/i;

/**
 * Finds out how a table is written from its first row alone, so that what is found does not depend on how the bytes are cut.
 *
 * The delimiter is the one that parts the row into most fields (with given columns: into so many); a comma in doubt, as in all
 * tables before this was looked for.
 */
export class CsvDialectFinder {
  readonly #given: string | null;
  readonly #columns: number | null;
  readonly #candidates: Candidate[];
  #seen: Buffer = Buffer.alloc(0);
  /** Bytes of line breaks before the first row; -1 until it begins. */
  #rowStart = -1;

  constructor(given: string | null, columns: number | null) {
    this.#given = given;
    this.#columns = columns;
    const delimiters = given === null ? DELIMITERS : [given];
    this.#candidates = delimiters.map((delimiter) => ({
      delimiter,
      reader: new CsvRowReader(delimiter.charCodeAt(0), true),
      row: null,
    }));
  }

  /** All bytes so far. */
  get seen(): Buffer {
    return this.#seen;
  }

  /** Takes more bytes. @returns null while they do not tell. */
  take(bytes: Uint8Array): CsvDialect | null {
    this.#seen = Buffer.concat([this.#seen, bytes]);
    const from = this.#rowStart < 0 ? this.#beginRow() : this.#seen.length - bytes.length;
    if (this.#rowStart < 0) return null;
    const next = this.#seen.subarray(from);
    for (const candidate of this.#candidates) {
      if (candidate.row) continue;
      const end = candidate.reader.read(next);
      if (end >= 0) this.#close(candidate, this.#seen.subarray(this.#rowStart, from + end));
    }
    const open = this.#candidates.filter(({ row }) => row === null).length;
    const patience = open < this.#candidates.length ? OPEN_ROW_BYTES : LONGEST_LOOK;
    return open === 0 || this.#seen.length > patience ? this.#decide() : null;
  }

  /** The input has ended: its only row may have no line break. */
  end(): CsvDialect {
    for (const candidate of this.#candidates)
      if (!candidate.row) this.#close(candidate, this.#seen.subarray(Math.max(this.#rowStart, 0)));
    return this.#decide();
  }

  #beginRow(): number {
    this.#rowStart = this.#seen.findIndex((byte) => byte !== 0x0a && byte !== 0x0d);
    return this.#rowStart;
  }

  #close(candidate: Candidate, bytes: Buffer): void {
    const row = candidate.reader.finish();
    candidate.row = { fields: row.fields(bytes), problem: row.problem, endedByReturn: row.endedByReturn };
  }

  #decide(): CsvDialect {
    const head = this.#seen.toString("latin1", 0, 16);
    const [line, delimiter, lineEnd] = SEPARATOR_LINE.exec(head) ?? [];
    if (line !== undefined && delimiter !== undefined && delimiter < "\x80")
      return { delimiter: this.#given ?? delimiter, returns: lineEnd === "\r", skipBytes: line.length };
    const chosen = this.#given ?? chooseDelimiter(this.#candidates, this.#columns);
    const row = this.#candidates.find((candidate) => candidate.delimiter === chosen)?.row;
    return { delimiter: chosen, returns: row?.endedByReturn === true, skipBytes: 0 };
  }
}

interface Parted {
  delimiter: string;
  fields: readonly string[];
}

function chooseDelimiter(candidates: readonly Candidate[], columns: number | null): string {
  const parted = candidates.flatMap(({ delimiter, row }): Parted[] =>
    row && row.problem === null && row.fields.length > 1 ? [{ delimiter, fields: row.fields }] : [],
  );
  const wanted = columns ?? Math.max(...parted.map(({ fields }) => fields.length));
  const best = parted.filter(({ fields }) => fields.length === wanted);
  const [first] = best.filter((one) => best.length === 1 || !isProse(one, columns));
  return first?.delimiter ?? best[0]?.delimiter ?? COMMA;
}

/** A comma that more likely belongs to the text: with a space behind it, or between the digits of a number. */
function isProse({ delimiter, fields }: Parted, columns: number | null): boolean {
  if (delimiter !== COMMA) return false;
  const pairs = fields.slice(1).map((field, index) => [fields[index] ?? "", field] as const);
  if (pairs.every(([, after]) => after.startsWith(" "))) return true;
  return columns !== null && pairs.every(([before, after]) => /\d$/.test(before) && /^\d/.test(after));
}
