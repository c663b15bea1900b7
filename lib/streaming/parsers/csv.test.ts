import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CsvOptions, CsvParser } from "./csv.ts";
import type { ParserState, Reject, StreamFault } from "./parser.ts";

interface Outcome {
  records: unknown[];
  places: [line: number, offset: number][];
  rejects: Reject[];
  fault: StreamFault | null;
  state: ParserState;
}

function run(bytes: Buffer, cuts: readonly number[] = [], options: Partial<CsvOptions> = {}, finish = true): Outcome {
  const records: unknown[] = [];
  const places: [number, number][] = [];
  const rejects: Reject[] = [];
  const receiver = {
    block(block: Parameters<CsvOptions["receiver"]["block"]>[0]) {
      records.push(...block.records);
      for (const [index, offset] of block.offsets.entries()) places.push([block.lineOf(index), offset]);
    },
    describes: () => true,
    reject: (describe: () => Reject) => rejects.push(describe()),
  };
  const parser = new CsvParser({ receiver, ...options });
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < edges.length; i++) parser.push(bytes.subarray(edges[i - 1], edges[i]));
  if (finish) parser.end();
  return { records, places, rejects, fault: parser.fault, state: parser.state };
}

interface NaiveRow {
  fields: string[];
  bad: boolean;
  offset: number;
  line: number;
  empty: boolean;
}

/** RFC 4180 a character at a time over the whole text (one byte a character here); a bad row ends at the next line break. */
function naiveRows(text: string): NaiveRow[] {
  const rows: NaiveRow[] = [];
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const row: NaiveRow = { fields: [], bad: false, offset: at, line, empty: false };
    for (let more = true; more; ) {
      let field = "";
      if (text[at] === '"') {
        at++;
        for (;;) {
          const quote = text.indexOf('"', at);
          if (quote < 0) {
            row.bad = true;
            field += text.slice(at);
            at = text.length;
            break;
          }
          field += text.slice(at, quote);
          at = quote + 1;
          if (text[at] !== '"') break;
          field += '"';
          at++;
        }
        const atEnd = at >= text.length || text[at] === "\n" || text.startsWith("\r\n", at) || text.slice(at) === "\r";
        if (!atEnd && text[at] !== ",") row.bad = true;
        else if (atEnd && text[at] === "\r") at++;
      } else {
        // A quote within a field that does not begin with one is a character like any other.
        const rest = /^[^,\n]*/.exec(text.slice(at))?.[0] ?? "";
        field = rest;
        at += rest.length;
        if ((at >= text.length || text[at] === "\n") && field.endsWith("\r")) field = field.slice(0, -1);
      }
      row.fields.push(field);
      if (row.bad) {
        while (at < text.length && text[at] !== "\n") at++;
      }
      more = !row.bad && text[at] === ",";
      at++;
    }
    const raw = text.slice(row.offset, at - 1);
    row.empty = raw === "" || raw === "\r";
    line += text.slice(row.offset, Math.min(at, text.length)).split("\n").length - 1;
    rows.push(row);
  }
  return rows;
}

function expectAgreement(text: string, cuts: readonly number[]): void {
  const bytes = Buffer.from(text, "latin1");
  const outcome = run(
    bytes,
    cuts.filter((cut) => cut < bytes.length),
    { columns: ["a", "b"] },
  );
  const rows = naiveRows(text).filter((row) => !row.empty || row.bad);
  const good = rows.filter((row) => !row.bad && row.fields.length === 2);
  const bad = rows.filter((row) => row.bad || row.fields.length !== 2);
  expect(outcome.records).toEqual(good.map(({ fields: [a, b] }) => ({ a, b })));
  expect(outcome.places).toEqual(good.map((row) => [row.line, row.offset]));
  expect(outcome.rejects.map((reject) => [reject.line, reject.offset, reject.code])).toEqual(
    bad.map((row) => [row.line, row.offset, row.bad ? "malformed-csv" : "column-count"]),
  );
}

describe("CsvParser", () => {
  it("agrees with a naive reader on each text of up to four of quote, comma, break, return and letter", () => {
    const alphabet = ['"', ",", "\n", "\r", "x"];
    const grow = (text: string, left: number): void => {
      expectAgreement(text, []);
      if (left > 0) for (const letter of alphabet) grow(text + letter, left - 1);
    };
    grow("", 4);
  });

  it("agrees with a naive reader on any rows at any cuts", () => {
    const piece = fc.constantFrom(
      '"',
      '""',
      ",",
      "\n",
      "\r\n",
      "x",
      'a,"b"\n',
      '"a","b,c"\r\n',
      '"a\nb",c\n',
      'q,"w""e"\n',
      "longer field here,another one\n",
      "1,2\n",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.array(fc.nat(300), { maxLength: 5 }), (pieces, cuts) =>
        expectAgreement(pieces.join(""), cuts),
      ),
      { numRuns: 1500 },
    );
  });

  it("reads text beyond ASCII the same whole as cut at every byte", () => {
    const bytes = Buffer.from('näme,"t,é"\r\n1,\u{1f600}\n"x ""é""\r\n€",日本語\n');
    const expected = [
      { näme: "1", "t,é": "\u{1f600}" },
      { näme: 'x "é"\r\n€', "t,é": "日本語" },
    ];
    for (let cut = 0; cut < bytes.length; cut++) expect(run(bytes, [cut]).records).toEqual(expected);
  });

  it("refuses only the row that is not UTF-8", () => {
    const bytes = Buffer.concat([Buffer.from("a,b\n1,é\n2,"), Buffer.from([0xc3, 0x28]), Buffer.from("\n3,ü\n")]);
    const outcome = run(bytes);
    expect(outcome.records).toEqual([
      { a: "1", b: "é" },
      { a: "3", b: "ü" },
    ]);
    expect(outcome.rejects).toMatchObject([{ line: 3, offset: 9, code: "invalid-utf8" }]);
  });

  it("keeps columns called __proto__ and constructor as data", () => {
    const [record] = run(Buffer.from("__proto__,constructor,x\n1,2,3\n")).records;
    expect(Object.entries(Object(record))).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
      ["x", "3"],
    ]);
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
  });

  it("faults a header that names a column twice, or not at all", () => {
    expect(run(Buffer.from("a,a\n1,2\n")).fault).toMatchObject({ code: "csv-header", line: 1 });
    expect(run(Buffer.from("a,\n1,2\n")).fault).toMatchObject({ code: "csv-header", line: 1 });
  });

  it("refuses a row over the bound, whose quote never ends, without holding it", () => {
    const bytes = Buffer.from(`a,b\n1,2\n3,"${"x".repeat(5000)}`);
    const outcome = run(bytes, [50, 1000, 3000], { maxRecordBytes: 1000 });
    expect(outcome.records).toEqual([{ a: "1", b: "2" }]);
    expect(outcome.rejects).toMatchObject([{ line: 3, offset: 8, code: "record-too-large" }]);
  });

  it("goes on from its state as if it had never stopped", () => {
    const bytes = Buffer.from('h1,"h\n2"\n1,"a""b"\n2,"c\nd"\nbad\n3,e\n');
    const whole = run(bytes);
    for (let cut = 0; cut < bytes.length; cut++) {
      const first = run(bytes.subarray(0, cut), [], {}, false);
      const second = run(bytes.subarray(first.state.offset), [], { from: first.state });
      expect([...first.records, ...second.records]).toEqual(whole.records);
      expect([...first.rejects, ...second.rejects]).toEqual(whole.rejects);
      expect([...first.places, ...second.places]).toEqual(whole.places);
    }
  });
});
