import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Scanner } from "../scan/scanner.ts";
import { JsonDocumentParser } from "./json-document.ts";
import { JsonLinesParser } from "./json-lines.ts";
import type { RecordReceiver } from "./parser.ts";
import { learnShape } from "./record-shape.ts";

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
  fc.json({ maxDepth: 2 }),
);

/** Lines that mostly share their keys and spacing. */
const shapedLines = fc
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

function parse(make: (receiver: RecordReceiver) => JsonLinesParser | JsonDocumentParser, bytes: Buffer, cut: number) {
  const records: unknown[] = [];
  const refused: number[] = [];
  const parser = make({
    block: (block) => records.push(...block.records),
    reject: (reject) => refused.push(reject.line),
  });
  parser.push(bytes.subarray(0, cut));
  parser.push(bytes.subarray(cut));
  parser.end();
  return { records, refused };
}

/** Each line's value, and the lines that have none: malformed, or with a number that is not finite. */
function naive(lines: readonly string[]) {
  const records: unknown[] = [];
  const refused: number[] = [];
  const infinite = (value: unknown): boolean =>
    typeof value === "number"
      ? !Number.isFinite(value)
      : typeof value === "object" && value !== null && Object.values(value).some(infinite);
  lines.forEach((line, index) => {
    if (/^[ \t\r]*$/.test(line)) return;
    try {
      const value: unknown = JSON.parse(line);
      if (infinite(value)) refused.push(index + 1);
      else records.push(value);
    } catch {
      refused.push(index + 1);
    }
  });
  return { records, refused };
}

const lines = (receiver: RecordReceiver) => new JsonLinesParser({ receiver });

describe("records of a known shape", () => {
  it("are what JSON.parse makes of each line, or refused with it, whatever their values", () => {
    fc.assert(
      fc.property(shapedLines, fc.nat(), (rows, at) => {
        const bytes = Buffer.from(rows.map((row) => `${row}\n`).join(""));
        expect(parse(lines, bytes, at % (bytes.length + 1))).toStrictEqual(naive(rows));
      }),
      { numRuns: 600 },
    );
  });

  it("are what JSON.parse makes of them when a byte of one has changed", () => {
    fc.assert(
      fc.property(shapedLines, fc.nat(), fc.constantFrom(...'",:{}[]\\ 0-.eté\u0001'), (rows, place, byte) => {
        const text = rows.join("\n");
        const at = place % (text.length + 1);
        const bytes = Buffer.from(`${text.slice(0, at)}${byte}${text.slice(at + 1)}\n`);
        const changed = bytes.toString().split("\n");
        expect(parse(lines, bytes, at)).toStrictEqual(naive(changed));
      }),
      { numRuns: 600 },
    );
  });

  it("come out of an array as out of lines", () => {
    fc.assert(
      fc.property(shapedLines, fc.nat(), (rows, at) => {
        const valid = rows.filter((row) => naive([row]).records.length > 0);
        const bytes = Buffer.from(`[${valid.join(",\n")}]`);
        const found = parse((receiver) => new JsonDocumentParser({ receiver }), bytes, at % (bytes.length + 1));
        expect(found).toStrictEqual({ records: naive(valid).records, refused: [] });
      }),
      { numRuns: 300 },
    );
  });

  it("are read without JSON.parse, all of a window at once, where the shape was learned from the first", () => {
    const rows = Array.from({ length: 500 }, (_, id) =>
      JSON.stringify({
        id: `d${id}`,
        score: id / 8,
        tags: ["a", id % 2 ? "b" : "ü"],
        in: { ok: id > 9, nothing: null },
      }),
    );
    const scanner = new Scanner();
    const bytes = Buffer.from(rows.map((row) => `${row}\n`).join(""));
    scanner.load(bytes);
    const shape = learnShape(rows[0] ?? "", null);
    expect(scanner.writeShape(0, shape?.literals ?? [], shape?.kept ?? [])).toBe(true);
    expect(scanner.readLines(0, 0, bytes.length)).toBe(500);
    expect(scanner.readElements(0, 0, scanner.scanLines(0, bytes.length), 0)).toBe(500);
  });

  it("are read with the wanted keys alone, as the whole record has them", () => {
    fc.assert(
      fc.property(shapedLines, fc.nat(), (rows, at) => {
        const valid = rows.filter((row) => naive([row]).records.length > 0);
        const bytes = Buffer.from(valid.map((row) => `${row}\n`).join(""));
        const keys = ["__proto__", "other"];
        const found = parse((receiver) => new JsonLinesParser({ receiver, keys }), bytes, at % (bytes.length + 1));
        const pick = (record: unknown) => keys.map((key) => Object.getOwnPropertyDescriptor(record, key)?.value);
        expect(found.records.map(pick)).toStrictEqual(naive(valid).records.map(pick));
        expect(found.refused).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("are learned of objects alone, of bounded size, whose keys differ", () => {
    expect(learnShape(' { "a" : 1 , "b":{"c":[1,{"d":2}]}} ', null)?.literals).toEqual([
      '{ "a" : ',
      ' , "b":{"c":',
      "}}",
    ]);
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 300 }, (_, key) => [`k${key}`, 1])));
    for (const text of ["[1]", "1", "{}", '{"a":1,"\\u0061":2}', wide, JSON.stringify({ a: "x".repeat(20_000) })])
      expect(learnShape(text, null)).toBeNull();
    expect(new Scanner().writeShape(0, ["x".repeat(17_000), "}"], [true])).toBe(false);
  });

  it("of a hundred shapes are read all the same, and only some shapes are learned", () => {
    const rows = Array.from({ length: 2000 }, (_, id) => JSON.stringify({ [`key${id % 100}`]: id }));
    const bytes = Buffer.from(rows.map((row) => `${row}\n`).join(""));
    expect(parse(lines, bytes, 1000)).toStrictEqual(naive(rows));
  });
});
