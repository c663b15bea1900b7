/** How records go out. */
export type ExportFormat = "ndjson" | "csv" | "fvecs";

export type ExportRecord = Readonly<Record<string, unknown>>;

/** Chunks are about this large: few system calls, and little held for a slow reader. */
const CHUNK_BYTES = 64 * 1024;

/** Bytes go out in base64 a piece at a time, so that a large body is held once; a multiple of three, so that the pieces join. */
const PIECE_BYTES = 48 * 1024;

/**
 * The records as bytes of the format, a chunk at a time; nothing is asked of `records` before the chunk before it is taken.
 * A member that is bytes becomes text in base64.
 */
export async function* encodeExport(
  records: AsyncIterable<ExportRecord>,
  format: ExportFormat,
  columns: readonly string[],
  spreadsheetSafe = false,
): AsyncGenerator<Uint8Array> {
  const encode = ENCODERS[format](columns, spreadsheetSafe);
  let parts: Buffer[] = format === "csv" ? [...csvRow(columns, false)] : [];
  let bytes = 0;
  for await (const record of records)
    for (const part of encode(record)) {
      parts.push(part);
      bytes += part.length;
      if (bytes < CHUNK_BYTES) continue;
      yield Buffer.concat(parts);
      parts = [];
      bytes = 0;
    }
  if (parts.length > 0) yield Buffer.concat(parts);
}

type Encode = (record: ExportRecord) => Iterable<Buffer>;

const ENCODERS: Record<ExportFormat, (columns: readonly string[], safe: boolean) => Encode> = {
  ndjson: () => (record) =>
    Object.values(record).some(isBytes) ? ndjsonLine(record) : [Buffer.from(`${JSON.stringify(record)}\n`)],
  csv: (columns, safe) => (record) =>
    csvRow(
      columns.map((column) => record[column]),
      safe,
    ),
  fvecs: () => (record) => {
    const vector = record.vector;
    if (!Array.isArray(vector) && !(vector instanceof Float32Array))
      throw new TypeError("an fvecs record has a vector");
    const values = Float32Array.from(vector);
    const head = Buffer.alloc(4);
    head.writeInt32LE(values.length);
    return [head, Buffer.from(values.buffer)];
  },
};

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;

function* base64Of(bytes: Uint8Array): Generator<Buffer> {
  const { buffer, byteOffset, length } = bytes;
  for (let from = 0; from < length; from += PIECE_BYTES)
    yield Buffer.from(Buffer.from(buffer, byteOffset + from, Math.min(PIECE_BYTES, length - from)).toString("base64"));
}

/** A record that holds bytes. */
function* ndjsonLine(record: ExportRecord): Generator<Buffer> {
  let text = "";
  let sign = "{";
  for (const [key, value] of Object.entries(record)) {
    if (value === undefined) continue;
    text += `${sign}${JSON.stringify(key)}:`;
    sign = ",";
    if (isBytes(value)) {
      yield Buffer.from(`${text}"`);
      yield* base64Of(value);
      text = '"';
    } else text += JSON.stringify(value);
  }
  yield Buffer.from(`${text}}\n`);
}

/** One row as RFC 4180 has it; what is no text or number goes as JSON. */
function* csvRow(values: readonly unknown[], safe: boolean): Generator<Buffer> {
  let text = "";
  let sign = "";
  for (const value of values) {
    text += sign;
    sign = ",";
    if (isBytes(value)) {
      yield Buffer.from(safe && isPlusInBase64(value) ? `${text}'` : text);
      yield* base64Of(value);
      text = "";
    } else text += csvField(safe ? withoutFormula(value) : value);
  }
  yield Buffer.from(`${text}\r\n`);
}

const isPlusInBase64 = ([first = 0]: Uint8Array): boolean => first >> 2 === 62;

/** Text that a spreadsheet would run as a formula, kept as text by an apostrophe. A number is no text, and stays one. */
function withoutFormula(value: unknown): unknown {
  return typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
}

function csvField(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
