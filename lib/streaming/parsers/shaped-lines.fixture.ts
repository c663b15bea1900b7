import fc from "fast-check";
import { Doubtful, LongNumber } from "../../shared/long-number.ts";
import type { Parser, RecordReceiver } from "./parser.ts";

/** Numbers as anybody may write them, also such as no JSON has. */
const numberText = fc
  .tuple(
    fc.constantFrom("", "", "-", "+", "--"),
    fc.constantFrom("0", "7", "12", "007", "9007199254740993", "123456789012345678901234567890", ""),
    fc.constantFrom("", "", ".5", ".0000000000000000001", ".1234567890123456789", ".", ".00"),
    fc.constantFrom("", "", "e5", "E-3", "e+22", "e-22", "e23", "e", "e300", "e-400", "e1000"),
  )
  .map((parts) => parts.join(""));

const valueText = fc.oneof(
  numberText,
  fc.double().map((number) => JSON.stringify(number)),
  fc.maxSafeInteger().map(String),
  fc.string({ unit: "grapheme", maxLength: 40 }).map((text) => JSON.stringify(text)),
  fc.string({ maxLength: 40 }).map((text) => JSON.stringify(text)),
  fc.constantFrom("true", "false", "null", "tru", "nul", "falsey", '"a', '"\\u00e9\\n"', '"\\x"', '"\t"', ""),
  fc.constantFrom(
    "[]",
    "[ ]",
    "[1,]",
    "[,1]",
    "[1 ,2 ]",
    "[1",
    '["a","b",true,null,-0]',
    "[[1],[2,{}]]",
    '[{"a":"]"}]',
    "[1 2]",
  ),
  fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 5 }).map((list) => JSON.stringify(list)),
  fc.array(fc.string({ maxLength: 20 }), { maxLength: 30 }).map((list) => JSON.stringify(list)),
  fc.json({ maxDepth: 2 }),
);

/** Lines that mostly share their keys and spacing. */
export const shapedLines = fc
  .tuple(
    fc.constantFrom(":", ": ", " :\t"),
    fc.array(fc.tuple(valueText, valueText, valueText, fc.nat(9)), { maxLength: 40 }),
  )
  .map(([colon, rows]) =>
    rows.map(([a, b, c, which]) =>
      which === 0
        ? `{"other"${colon}${a}}`
        : `{"id"${colon}${a},"é\\"__proto__"${colon}${b}, "__proto__"${colon}{"within"${colon}${c},"none"${colon}{}}}`,
    ),
  );

/** What comes of `bytes`, given in pieces that begin at `cuts`. */
export function parse(make: (receiver: RecordReceiver) => Parser, bytes: Buffer, cuts: readonly number[]) {
  const records: unknown[] = [];
  const lines: number[] = [];
  const offsets: number[] = [];
  const refused: number[] = [];
  const parser = make({
    block(block) {
      records.push(...block.records.map(asDoubles));
      offsets.push(...block.offsets);
      lines.push(...block.records.map((_, index) => block.lineOf(index)));
    },
    describes: () => true,
    reject: (describe) => refused.push(describe().line),
  });
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < edges.length; i++) parser.push(bytes.subarray(edges[i - 1], edges[i]));
  parser.end();
  return { records, lines, offsets, refused, fault: parser.fault };
}

/** A record with its numbers rounded to doubles, as JSON.parse gives it. */
export function asDoubles(record: unknown): unknown {
  if (record instanceof Doubtful) return asDoubles(record.value);
  if (record instanceof LongNumber) return Number(record.text);
  if (Array.isArray(record)) return record.map(asDoubles);
  if (typeof record !== "object" || record === null) return record;
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, asDoubles(value)]));
}

/** Whether an object of valid JSON has a key twice. */
export function repeatsKey(text: string): boolean {
  const keys = [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length;
  let found = 0;
  const count = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (!Array.isArray(value)) found += Object.keys(value).length;
    Object.values(value).forEach(count);
  };
  count(JSON.parse(text));
  return found < keys;
}

/** Each line's value and where it stands, and the lines that have none: malformed, or with a number that is not finite. */
export function naive(rows: readonly string[]) {
  const records: unknown[] = [];
  const lines: number[] = [];
  const offsets: number[] = [];
  const refused: number[] = [];
  let offset = 0;
  const infinite = (value: unknown): boolean =>
    typeof value === "number"
      ? !Number.isFinite(value)
      : typeof value === "object" && value !== null && Object.values(value).some(infinite);
  rows.forEach((row, index) => {
    const start = offset;
    offset += Buffer.byteLength(row) + 1;
    if (/^[ \t\r]*$/.test(row)) return;
    try {
      const value: unknown = JSON.parse(row);
      if (repeatsKey(row)) throw new SyntaxError("a key twice");
      if (infinite(value)) throw new RangeError("a number that is not finite");
      records.push(value);
      lines.push(index + 1);
      offsets.push(start);
    } catch {
      refused.push(index + 1);
    }
  });
  return { records, lines, offsets, refused, fault: null };
}
