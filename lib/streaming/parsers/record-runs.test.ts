import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Scanner } from "../scan/scanner.ts";
import { JsonDocumentParser } from "./json-document.ts";
import { JsonLinesParser } from "./json-lines.ts";
import type { RecordReceiver } from "./parser.ts";
import { learnShape } from "./record-shape.ts";
import { naive, parse, shapedLines } from "./shaped-lines.fixture.ts";

const lines = (keys?: string[]) => (receiver: RecordReceiver) =>
  new JsonLinesParser({ receiver, ...(keys ? { keys } : {}) });
const document = (keys?: string[]) => (receiver: RecordReceiver) =>
  new JsonDocumentParser({ receiver, ...(keys ? { keys } : {}) });

const cuts = fc.array(fc.nat(), { minLength: 1, maxLength: 4 });
const STRAY_BYTES = [...'",:{}[]\\ 0-.eté\u0001\n'];
const strayByte = fc.constantFrom(...STRAY_BYTES);
const WANTED = ["__proto__", "other"];
const pick = (record: unknown) => WANTED.map((key) => Object.getOwnPropertyDescriptor(record, key)?.value);

function withByte(text: string, place: number, byte: string): Buffer {
  const at = place % (text.length + 1);
  return Buffer.from(`${text.slice(0, at)}${byte}${text.slice(at + 1)}`);
}

/** Rows that have a value: a row that has none ends the reading by shapes for its window. */
const valid = (rows: readonly string[]) => rows.filter((row) => naive([row]).records.length > 0);

/** Rows with a value, and an array of them: what stands in it, and on which line. */
function arrayOf(rows: readonly string[]) {
  const expected = naive(valid(rows));
  return {
    text: `[${valid(rows).join(",\n")}]`,
    // Behind the bracket, and a comma for each line break before it.
    expected: { ...expected, offsets: expected.offsets.map((offset, index) => offset + 1 + index) },
  };
}

describe("records of a known shape", () => {
  it("are what JSON.parse makes of each line, or refused with it, whatever their values", () => {
    fc.assert(
      fc.property(shapedLines, cuts, (rows, at) => {
        const bytes = Buffer.from(rows.map((row) => `${row}\n`).join(""));
        expect(parse(lines(), bytes, at)).toStrictEqual(naive(rows));
      }),
      { numRuns: 600 },
    );
  });

  it("are what JSON.parse makes of them when a byte of one has changed", () => {
    fc.assert(
      fc.property(shapedLines, fc.nat(), strayByte, cuts, (rows, place, byte, at) => {
        const bytes = withByte(`${valid(rows).join("\n")}\n`, place, byte);
        expect(parse(lines(), bytes, at)).toStrictEqual(naive(bytes.toString().split("\n")));
      }),
      { numRuns: 600 },
    );
  });

  it("come out of an array as out of lines, with their places", () => {
    fc.assert(
      fc.property(shapedLines, cuts, (rows, at) => {
        const { text, expected } = arrayOf(rows);
        expect(parse(document(), Buffer.from(text), at)).toStrictEqual(expected);
        const picked = parse(document(WANTED), Buffer.from(text), at);
        const records = expected.records.map(pick);
        expect({ ...picked, records: picked.records.map(pick) }).toStrictEqual({ ...expected, records });
      }),
      { numRuns: 400 },
    );
  });

  it("come out of an array of which a byte has changed as JSON.parse has them, or not without a report", () => {
    fc.assert(
      fc.property(shapedLines, fc.nat(), strayByte, cuts, (rows, place, byte, at) => {
        const bytes = withByte(arrayOf(rows).text, place, byte);
        const { records, refused, fault } = parse(document(), bytes, at);
        const clean = refused.length === 0 && fault === null;
        const whole = naive([bytes.toString().replaceAll("\n", " ")]).records[0];
        if (Array.isArray(whole) && clean) expect(records).toStrictEqual(whole);
        else if (clean) expect(naive([bytes.toString()]).records).toStrictEqual(records);
        // A line break within a string is a space in `whole`.
        else if (Array.isArray(whole)) expect(fault?.message).toBe("a line break inside a string");
      }),
      { numRuns: 600 },
    );
  });

  /** With some keys wanted, each line is given or refused, none with another, and those with a value are given with what is wanted of it. */
  function expectPicked(bytes: Buffer, at: readonly number[]): void {
    const whole = naive(bytes.toString().split("\n"));
    const picked = parse(lines(WANTED), bytes, at);
    const ascending = (a: number, b: number) => a - b;
    const all = [...whole.lines, ...whole.refused].sort(ascending);
    expect([...picked.lines, ...picked.refused].sort(ascending)).toEqual(all);
    const found = new Map(picked.lines.map((line, index) => [line, pick(picked.records[index])]));
    const wanted = whole.lines.map((line) => found.get(line) ?? null);
    expect(wanted).toStrictEqual(whole.records.map(pick));
  }

  it("are given or refused line by line where only some keys are wanted", () => {
    fc.assert(
      fc.property(shapedLines, fc.nat(), strayByte, cuts, (rows, place, byte, at) => {
        expectPicked(withByte(`${valid(rows).join("\n")}\n`, place, byte), at);
      }),
      { numRuns: 600 },
    );
  });

  /** Four records, each byte of the third changed to each stray one. */
  function* changed(head: string, separator: string, tail: string): Generator<Buffer> {
    const row = (id: number) =>
      `{"a":"s${id}","b":"x\\n\\"y","c":["it is, quoted","]",${id}],"d":[[1,{"k":"v"}],"w"],"e":-1.5e3,"f":10.25,"g":null,"other":${id}}`;
    const known = `${head}${row(1)}${separator}${row(2)}${separator}`;
    const end = known.length + row(3).length;
    for (let place = known.length; place < end; place++)
      for (const byte of STRAY_BYTES) yield withByte(`${known}${row(3)}${separator}${row(4)}${tail}`, place, byte);
  }

  it("are given or refused line by line whichever byte of what is passed over has changed", () => {
    for (const bytes of changed("", "\n", "\n")) expectPicked(bytes, []);
  });

  it("come out of an array as the scan alone finds them, whichever byte has changed", () => {
    for (const bytes of changed("[", ",\n", "]")) {
      const last = bytes.lastIndexOf("\n") + 1;
      // A piece that holds whole records teaches the shape, by which the next is read.
      const taught = bytes.indexOf("\n") + 1;
      for (const keys of [undefined, WANTED]) {
        const scanned = parse(document(keys), bytes, [1, last]);
        const read = parse(document(keys), bytes, [taught, last]);
        expect({ ...read, records: read.records.map(pick) }).toStrictEqual({
          ...scanned,
          records: scanned.records.map(pick),
        });
      }
    }
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
    expect(scanner.readRecords(0, 0, bytes.length, 10)).toBe(500);
    expect(scanner.readElements(0, 0, scanner.scanLines(0, bytes.length), 0)).toBe(500);
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
    expect(parse(lines(), bytes, [1000])).toStrictEqual(naive(rows));
  });
});
