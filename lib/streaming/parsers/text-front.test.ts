import { describe, expect, it } from "vitest";
import { createParser, type ParseSpec } from "../job-spec.ts";
import type { Parser, ParserState, RecordBlock, Reject, StreamFault } from "./parser.ts";

interface Outcome {
  records: unknown[];
  rejects: Reject[];
  fault: StreamFault | null;
  state: ParserState;
}

type Spec = Omit<ParseSpec, "transform">;

function read(spec: Spec, chunks: readonly Uint8Array[], from: ParserState | null = null, ended = true): Outcome {
  const records: unknown[] = [];
  const rejects: Reject[] = [];
  const receiver = {
    block: (block: RecordBlock) => void records.push(...block.records),
    describes: () => true,
    reject: (describe: () => Reject) => void rejects.push(describe()),
  };
  const parser: Parser = createParser({ ...spec, transform: {} }, receiver, from);
  for (const chunk of chunks) parser.push(chunk);
  if (ended) parser.end();
  return { records, rejects, fault: parser.fault, state: parser.state };
}

/** Whole, and a byte at a time: the records may not depend on how the bytes came. */
function readBothWays(spec: Spec, bytes: Uint8Array): Outcome {
  const whole = read(spec, [bytes]);
  const cut = read(
    spec,
    Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)),
  );
  // An excerpt may or may not have the white space around the record.
  const places = ({ rejects }: Outcome) => rejects.map(({ line, offset, code }) => ({ line, offset, code }));
  expect({ ...cut, rejects: places(cut) }).toEqual({ ...whole, rejects: places(whole) });
  return whole;
}

const utf16le = (text: string, mark = true) => Buffer.from(`${mark ? "\uFEFF" : ""}${text}`, "utf16le");
const utf16be = (text: string, mark = true) => Buffer.from(utf16le(text, mark)).swap16();
const utf8 = (text: string, mark = true) => Buffer.from(`${mark ? "\uFEFF" : ""}${text}`);

const PEOPLE = [
  { id: "1", ort: "Zürich" },
  { id: "2", ort: "東京 \u{1f600}" },
];
const DOCUMENTS: [Spec, string][] = [
  [{ format: "csv" }, "id,ort\n1,Zürich\n2,東京 \u{1f600}\n"],
  [{ format: "csv" }, '"id","ort"\r\n"1","Zürich"\r\n"2","東京 \u{1f600}"'],
  [{ format: "csv", columns: ["id", "ort"] }, '"1",Zürich\n2,東京 \u{1f600}\n'],
  [{ format: "json" }, JSON.stringify(PEOPLE)],
  [{ format: "json", path: ["people"] }, JSON.stringify({ people: PEOPLE })],
  [{ format: "ndjson" }, PEOPLE.map((person) => `${JSON.stringify(person)}\n`).join("")],
];

describe("text with a byte-order mark", () => {
  it.each(DOCUMENTS)("is read without it, in UTF-8 and both orders of UTF-16: %o", (spec, text) => {
    for (const encode of [utf8, utf16le, utf16be])
      expect(readBothWays(spec, encode(text))).toMatchObject({ records: PEOPLE, rejects: [], fault: null });
  });

  it.each(DOCUMENTS)("is what the mark says, though another encoding was given: %o", (spec, text) => {
    for (const encode of [utf8, utf16le, utf16be])
      expect(read({ ...spec, encoding: "windows-1252" }, [encode(text)]).records).toEqual(PEOPLE);
  });

  it("gives its lines and paragraphs", () => {
    for (const encode of [utf8, utf16le, utf16be]) {
      const lines = readBothWays({ format: "text" }, encode("eins\nzwei ü\n")).records;
      expect(lines).toEqual([
        { id: "1", text: "eins" },
        { id: "2", text: "zwei ü" },
      ]);
    }
  });

  it("keeps the body's offsets where it is UTF-8", () => {
    const { rejects } = read({ format: "ndjson" }, [utf8('{"a":1}\n{bad\n')]);
    expect(rejects).toMatchObject([{ line: 2, offset: 11 }]);
  });

  it("in UTF-32 is a fault, not data", () => {
    const bytes = Buffer.from([0xff, 0xfe, 0, 0, 0x69, 0, 0, 0]);
    expect(read({ format: "csv" }, [bytes])).toMatchObject({ records: [], fault: { code: "unsupported-encoding" } });
  });

  it("of which a part alone came is no text yet", () => {
    expect(read({ format: "csv" }, [Buffer.from([0xef, 0xbb])], null, false).records).toEqual([]);
    expect(readBothWays({ format: "text" }, Buffer.from("ab")).records).toEqual([{ id: "1", text: "ab" }]);
    expect(readBothWays({ format: "text" }, Buffer.from("")).records).toEqual([]);
  });
});

describe("text in another encoding", () => {
  it("is read as the client says", () => {
    const cases: [string, number[], string][] = [
      ["windows-1252", [0x80, 0x92, 0xe9], "€’é"],
      ["iso-8859-15", [0xa4, 0xe9], "€é"],
      ["windows-1251", [0xcc, 0xe8, 0xf0], "Мир"],
      ["macintosh", [0x8e, 0xca], "é\u00a0"],
      ["shift_jis", [0x93, 0x8c, 0x8b, 0x9e], "東京"],
      ["gb18030", [0xb1, 0xb1, 0xbe, 0xa9], "北京"],
    ];
    for (const [encoding, bytes, text] of cases) {
      const body = Buffer.concat([Buffer.from("id,ort\n1,"), Buffer.from(bytes), Buffer.from("\n")]);
      const outcome = readBothWays({ format: "csv", encoding }, body);
      expect(outcome, encoding).toMatchObject({ records: [{ id: "1", ort: text }], rejects: [] });
      expect(outcome.state.extra.encoding).toBe(encoding);
    }
  });

  it("is taken for UTF-16 without a mark where NULs stand between its first characters", () => {
    for (const [spec, text] of DOCUMENTS) {
      if (spec.columns) continue;
      for (const encode of [utf16le, utf16be]) expect(readBothWays(spec, encode(text, false)).records).toEqual(PEOPLE);
    }
  });

  it("has only those records refused whose bytes are no text in it", () => {
    const lone = Buffer.concat([utf16le("id,ort\n1,a"), Buffer.from([0x00, 0xd8]), utf16le("\n2,\uFFFD\n", false)]);
    expect(readBothWays({ format: "csv" }, lone)).toMatchObject({
      records: [{ id: "2", ort: "\uFFFD" }],
      rejects: [{ line: 2, code: "invalid-utf8" }],
    });
    const half = Buffer.concat([Buffer.from("a\nx\ny"), Buffer.from([0x93])]);
    expect(readBothWays({ format: "csv", encoding: "shift_jis" }, half)).toMatchObject({
      records: [{ a: "x" }],
      rejects: [{ line: 3, code: "invalid-utf8" }],
    });
  });

  it("goes on from any state when it is sent again from its start", () => {
    const text = `id,ort\n${Array.from({ length: 40 }, (_, id) => `${id},Zürich 東京 \u{1f600}\n`).join("")}`;
    for (const bytes of [utf16le(text), utf16be(text)]) {
      const whole = read({ format: "csv" }, [bytes]);
      for (let cut = 0; cut < bytes.length; cut += 13) {
        const first = read({ format: "csv" }, [bytes.subarray(0, cut)], null, false);
        const again = read({ format: "csv" }, [bytes], first.state);
        expect([...first.records, ...again.records]).toEqual(whole.records);
      }
    }
  });
});

describe("a CSV header that is no valid text", () => {
  const rows = "\nu1,Zoe,Basel\nu2,Max,Bern\n";

  it("is a fault that says so, and no row is taken for a header", () => {
    const headers = [
      Buffer.from("id,pr\xe9nom,ville", "latin1"),
      Buffer.from('"id","pr\xe9nom","ville"', "latin1"),
      Buffer.from("id,a\0b,ville"),
      Buffer.from("id,nom,nom"),
      Buffer.from('id,"no"m,ville'),
    ];
    for (const header of headers)
      expect(readBothWays({ format: "csv" }, Buffer.concat([header, Buffer.from(rows)]))).toMatchObject({
        records: [],
        rejects: [],
        fault: { code: "csv-header", line: 1, offset: 0 },
      });
    const given = utf16le(`id,nom${rows}`, false);
    expect(read({ format: "csv", encoding: "utf-8" }, [given]).fault).toMatchObject({ code: "csv-header" });
  });

  it("is a fault too when it is longer than a record may be", () => {
    const long = Buffer.alloc(17 * 1024 * 1024, "x");
    const chunks = Array.from({ length: 68 }, (_, index) => long.subarray(index * 262_144, (index + 1) * 262_144));
    const outcome = read({ format: "csv" }, [...chunks, Buffer.from(rows)]);
    expect(outcome).toMatchObject({ records: [], rejects: [], fault: { code: "csv-header" } });
  });
});

describe("lines", () => {
  it("may end with CR, LF or CRLF in each format", () => {
    const people = [
      { id: "1", name: "a" },
      { id: "2", name: "b" },
    ];
    for (const end of ["\n", "\r", "\r\n"]) {
      const text = (lines: readonly string[], last = end) => Buffer.from(lines.join(end) + last);
      const rows = ["id,name", "1,a", "2,b"];
      const json = people.map((person) => JSON.stringify(person));
      for (const last of ["", end]) {
        expect(readBothWays({ format: "csv" }, text(rows, last)).records).toEqual(people);
        expect(readBothWays({ format: "ndjson" }, text(json, last)).records).toEqual(people);
        expect(readBothWays({ format: "text" }, text(["x", "y"], last)).records).toEqual([
          { id: "1", text: "x" },
          { id: "2", text: "y" },
        ]);
        const prose = readBothWays({ format: "text", by: "paragraph" }, text(["x", "", "y"], last));
        expect(prose.records.length).toBe(2);
      }
      const lines = readBothWays({ format: "json" }, text(["[", "1,", "1 1,", "2]"]));
      expect(lines.rejects).toMatchObject([{ line: 3 }]);
    }
  });

  it("that end with CR may have any breaks in quotes, which stay as they are", () => {
    const bytes = Buffer.from('id,"no\rte"\r1,"a\nb\r\nc\rd"\r\r2,"x ""y"""\r');
    const outcome = readBothWays({ format: "csv" }, bytes);
    expect(outcome).toMatchObject({ rejects: [], fault: null });
    expect(outcome.records).toEqual([
      { id: "1", "no\rte": "a\nb\r\nc\rd" },
      { id: "2", "no\rte": 'x "y"' },
    ]);
  });

  it("that end with CR go on from any state", () => {
    const bytes = Buffer.from("id,name\r1,a\r2,b\r3,c\r");
    const whole = read({ format: "csv" }, [bytes]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const first = read({ format: "csv" }, [bytes.subarray(0, cut)], null, false);
      const second = read({ format: "csv" }, [bytes.subarray(first.state.offset)], first.state);
      expect([...first.records, ...second.records], `cut at ${cut}`).toEqual(whole.records);
    }
  });
});

describe("the delimiter of CSV", () => {
  it("is found in the first row and told, whatever its values hold", () => {
    const cases: [string, string, number][] = [
      ["id,name\n1,a;b\n", ",", 2],
      ["id;name;price\n1;a;2,5\n", ";", 3],
      ["id\tname\n1\ta, b\n", "\t", 2],
      ["id|name\r\n1|a\r\n", "|", 2],
      ['"id";"last, first";"x"\n1;2;3\n', ";", 3],
      ['"a;b";c\n1;2\n', ";", 2],
      ["Name, Vorname;Ort\nMeier, Hans;Basel\n", ";", 2],
      ["id;name\r1;a\r", ";", 2],
      ["\n\nid;name\n1;a\n", ";", 2],
      ["word\nfoo;bar\n", ",", 1],
      ["a,b;c\n1,2;3\n", ",", 2],
      ["id;name", ";", 2],
    ];
    for (const [text, delimiter, columns] of cases) {
      const outcome = readBothWays({ format: "csv" }, Buffer.from(text));
      expect(outcome.state.extra, text).toMatchObject({ delimiter });
      expect(outcome.state.extra.columns).toHaveLength(columns);
      expect(outcome).toMatchObject({ rejects: [], fault: null });
    }
  });

  it("is the one that gives as many fields as there are columns given", () => {
    const columns = ["a", "b", "c"];
    const found = (text: string) => readBothWays({ format: "csv", columns }, Buffer.from(text)).state.extra.delimiter;
    expect(found("1;2,5;3,5\n")).toBe(";");
    expect(found("1,x;y,z\n")).toBe(",");
    expect(found("1\t2\t3,4,5,6\n")).toBe("\t");
    expect(found("x\n")).toBe(",");
  });

  it("is as the client says where it says it", () => {
    const outcome = readBothWays({ format: "csv", delimiter: "," }, Buffer.from("a;b;c,d\n1,2\n"));
    expect(outcome.records).toEqual([{ "a;b;c": "1", d: "2" }]);
  });

  it("is as the line for spreadsheets says, which is no data", () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      for (const mark of [true, false]) {
        const body = utf8(`sep=;${end}id;n,m${end}1;2${end}`, mark);
        const outcome = readBothWays({ format: "csv" }, body);
        expect(outcome).toMatchObject({ records: [{ id: "1", "n,m": "2" }], rejects: [], fault: null });
      }
    }
    const odd = readBothWays({ format: "csv", columns: ["a", "b"] }, Buffer.from('"SEP=^"\r\n1^2\r\n'));
    expect(odd).toMatchObject({ records: [{ a: "1", b: "2" }], rejects: [] });
    const bad = readBothWays({ format: "csv" }, Buffer.from("sep=;\nid;n\n1;2;3\n"));
    expect(bad.rejects).toMatchObject([{ line: 3, offset: 11, code: "column-count" }]);
    expect(readBothWays({ format: "csv" }, utf16le("sep=\t\r\nid\tn\r\n1\t2\r\n")).records).toEqual([
      { id: "1", n: "2" },
    ]);
  });

  it("does not depend on quotes within fields, which are characters like any other", () => {
    const outcome = readBothWays({ format: "csv" }, Buffer.from('size;what\n5";pipe "old"\n"6""";x\n'));
    expect(outcome.records).toEqual([
      { size: '5"', what: 'pipe "old"' },
      { size: '6"', what: "x" },
    ]);
  });
});
