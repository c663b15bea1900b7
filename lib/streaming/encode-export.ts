/** How records go out. */
export type ExportFormat = "ndjson" | "csv" | "fvecs";

export type ExportRecord = Readonly<Record<string, unknown>>;

/** Chunks are about this large: few system calls, and little held for a slow reader. */
const CHUNK_BYTES = 64 * 1024;

/** The records as bytes of the format, a chunk at a time; nothing is asked of `records` before the chunk before it is taken. */
export async function* encodeExport(
  records: AsyncIterable<ExportRecord>,
  format: ExportFormat,
  columns: readonly string[],
  spreadsheetSafe = false,
): AsyncGenerator<Uint8Array> {
  const encode = ENCODERS[format](columns, spreadsheetSafe);
  let parts: Buffer[] = format === "csv" ? [Buffer.from(csvRow(columns))] : [];
  let bytes = 0;
  for await (const record of records) {
    const part = encode(record);
    parts.push(part);
    bytes += part.length;
    if (bytes < CHUNK_BYTES) continue;
    yield Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}

const ENCODERS: Record<ExportFormat, (columns: readonly string[], safe: boolean) => (record: ExportRecord) => Buffer> =
  {
    ndjson: () => (record) => Buffer.from(`${JSON.stringify(record)}\n`),
    csv: (columns, safe) => (record) =>
      Buffer.from(csvRow(columns.map((column) => (safe ? withoutFormula(record[column]) : record[column])))),
    fvecs: () => (record) => {
      const vector = record.vector;
      if (!Array.isArray(vector) && !(vector instanceof Float32Array))
        throw new TypeError("an fvecs record has a vector");
      const values = Float32Array.from(vector);
      const head = Buffer.alloc(4);
      head.writeInt32LE(values.length);
      return Buffer.concat([head, Buffer.from(values.buffer)]);
    },
  };

/** One row as RFC 4180 has it; what is no text or number goes as JSON. */
function csvRow(values: readonly unknown[]): string {
  return `${values.map(csvField).join(",")}\r\n`;
}

/** Text that a spreadsheet would run as a formula, kept as text by an apostrophe. A number is no text, and stays one. */
function withoutFormula(value: unknown): unknown {
  return typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
}

function csvField(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
