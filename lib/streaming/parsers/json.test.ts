import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonDocumentParser } from "./json-document.ts";
import { JsonLinesParser } from "./json-lines.ts";
import type { Parser, RecordReceiver, Reject } from "./parser.ts";
import { asDoubles } from "./shaped-lines.fixture.ts";

interface Outcome {
  records: unknown[];
  offsets: number[];
  lines: number[];
  rejects: Reject[];
  fault: Parser["fault"];
}

/** Runs `make`'s parser over `bytes` cut at `cuts`. */
function run(make: (receiver: RecordReceiver) => Parser, bytes: Buffer, cuts: readonly number[] = []): Outcome {
  const outcome: Outcome = { records: [], offsets: [], lines: [], rejects: [], fault: null };
  const parser = make({
    block(block) {
      outcome.records.push(...block.records.map(asDoubles));
      outcome.offsets.push(...block.offsets);
      outcome.lines.push(...block.records.map((_, index) => block.lineOf(index)));
    },
    describes: () => true,
    reject: (describe) => outcome.rejects.push(describe()),
  });
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < edges.length; i++) parser.push(bytes.subarray(edges[i - 1], edges[i]));
  parser.end();
  outcome.fault = parser.fault;
  return outcome;
}

const lines = (keys?: string[]) => (receiver: RecordReceiver) =>
  new JsonLinesParser({ receiver, ...(keys ? { keys } : {}) });
const document =
  (path: string[] = [], keys?: string[]) =>
  (receiver: RecordReceiver) =>
    new JsonDocumentParser({ receiver, path, ...(keys ? { keys } : {}) });

/** Documents in brackets, one behind another; null where the text is anything else. */
function documentsOf(text: string): unknown[] | null {
  const found: unknown[] = [];
  for (let rest = text.trim(); rest !== ""; ) {
    let end = /^[[{]/.test(rest) ? 1 : rest.length + 1;
    for (; end <= rest.length; end++) {
      const [document] = naiveLines(Buffer.from(rest.slice(0, end).replaceAll("\n", " "))).records;
      if (document === undefined) continue;
      found.push(document);
      break;
    }
    if (end > rest.length) return null;
    rest = rest.slice(end).trim();
  }
  return found;
}

/** One line after another, as anybody would. */
function naiveLines(bytes: Buffer): { records: unknown[]; offsets: number[]; rejectOffsets: number[] } {
  const found = { records: [] as unknown[], offsets: [] as number[], rejectOffsets: [] as number[] };
  let start = 0;
  while (start < bytes.length) {
    const next = bytes.indexOf(10, start);
    const end = next < 0 ? bytes.length : next;
    const line = bytes.subarray(start, end);
    if (line.toString("latin1").trim() !== "") {
      try {
        found.records.push(JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line)));
        found.offsets.push(start);
      } catch {
        found.rejectOffsets.push(start);
      }
    }
    start = end + 1;
  }
  return found;
}

const SMALL = Buffer.from(
  ` [ {"a":1,"t":"x\\"]},{ü\\\\"} ,\n [1,[2,{}]],"s,]\\u00e9", -1.5e3 ,true,null,\r\n{"n":{"m":[{"k":"}"}]}}, {} , [] ] \n`,
);

const jsonish = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '{"a":1}',
        '{"b":"x\\"y","a":[1,{"c":2}]}',
        "[1,2]",
        '"s"',
        "5",
        "{}",
        "[]",
        " ",
        "",
        "\r",
        "1e400",
        '{"a":1,}',
      ),
      fc.constantFrom(
        "{",
        "}",
        "[",
        "]",
        '"',
        "\\",
        ",",
        ":",
        '{"a":',
        "tru",
        "1,2",
        '{"a":1},{"a":2}',
        '\\"',
        '{"\\u0061":7}',
        "é",
        "\u{1f600}",
      ),
      fc.json({ maxDepth: 3 }),
    ),
    { maxLength: 3 },
  )
  .map((parts) => parts.join(""));

describe("JsonLinesParser", () => {
  it("agrees with a parser of one line after another, whatever the lines and the cuts", () => {
    fc.assert(
      fc.property(
        fc.array(jsonish, { maxLength: 30 }),
        fc.array(fc.nat(400), { maxLength: 6 }),
        fc.boolean(),
        (rows, cuts, last) => {
          const bytes = Buffer.from(rows.join("\n") + (last ? "\n" : ""));
          const expected = naiveLines(bytes);
          const actual = run(
            lines(),
            bytes,
            cuts.filter((cut) => cut < bytes.length),
          );
          const infinite = actual.rejects.filter((reject) => reject.code === "number-not-finite").length;
          expect(actual.records.length + infinite).toBe(expected.records.length);
          if (infinite > 0) return;
          expect(actual.records).toEqual(expected.records);
          expect(actual.offsets).toEqual(expected.offsets);
          expect(actual.rejects.map((reject) => reject.offset)).toEqual(expected.rejectOffsets);
        },
      ),
      { numRuns: 600 },
    );
  });

  it("gives selected keys as the whole record would, or sets aside what is no object of valid structure", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.json({ maxDepth: 2 }), jsonish), { maxLength: 20 }),
        fc.array(fc.nat(300), { maxLength: 3 }),
        (rows, cuts) => {
          const bytes = Buffer.from(rows.map((row) => row.replaceAll("\n", "")).join("\n"));
          const whole = run(
            lines(),
            bytes,
            cuts.filter((cut) => cut < bytes.length),
          );
          const picked = run(
            lines(["a", "b"]),
            bytes,
            cuts.filter((cut) => cut < bytes.length),
          );
          const pick = (record: unknown) => {
            const { a, b } = Object(record) as Record<string, unknown>;
            return { a, b };
          };
          const known = new Map(whole.offsets.map((offset, index) => [offset, whole.records[index]]));
          picked.offsets.forEach((offset, index) => {
            if (known.has(offset)) expect(pick(picked.records[index])).toEqual(pick(known.get(offset)));
          });
          const given = new Set(picked.offsets);
          for (const offset of known.keys()) expect(given.has(offset)).toBe(true);
        },
      ),
      { numRuns: 400 },
    );
  });

  /** A record as others are, whose shape is soon known, and what is wrong with one that has a key twice where nothing is selected. */
  const USUAL = '{"a":1,"more":{"x":1,"y":[1,"{"]},"list":[{"x":1}],"deep":[[{"x":[1]}]]}';
  const REPEATED = [
    '{"a":1,"more":{"x":1,"y":[1,"{"]},"list":[{"x":1}],"deep":[[{"x":[1]}]],"more":2}',
    '{"a":1,"more":{"x":1,"x":[1,"{"]},"list":[{"x":1}],"deep":[[{"x":[1]}]]}',
    '{"a":1,"more":{"x":1,"y":[1,{"z":1,"z":2}]},"list":[{"x":1}],"deep":[[{"x":[1]}]]}',
    '{"a":1,"more":{"x":1,"y":[1,"{"]},"list":[{"x":1,"x":2}],"deep":[[{"x":[1]}]]}',
    '{"a":1,"more":{"x":1,"y":[1,"{"]},"list":[{"x":1}],"deep":[[{"x":[1],"x":2}]]}',
    '{"a":1,"more":{"x":{"z":1,"z":2},"y":[1,"{"]},"list":[{"x":1}],"deep":[[{"x":[1]}]]}',
    '{"other":1,"a":1,"\\u006fther":2}',
  ];

  it.each(REPEATED)(
    "refuses a repeated key that `select` passes over, at any cut, of lines and of elements: %s",
    (record) => {
      const rows = [USUAL, USUAL, USUAL, record, USUAL, record];
      const inLines = Buffer.from(`${rows.join("\n")}\n`);
      const inArray = Buffer.from(`[${rows.join(",")}]`);
      for (const [make, bytes] of [
        [lines(["a"]), inLines],
        [document([], ["a"]), inArray],
      ] as const)
        for (const cut of [0, 1, USUAL.length + 20, 4 * USUAL.length + 10, bytes.length - 2]) {
          const outcome = run(make, bytes, cut === 0 ? [] : [cut]);
          expect(outcome.records).toHaveLength(4);
          expect(outcome.rejects.map(({ message }) => message)).toEqual(Array(2).fill("an object repeats a key"));
        }
    },
  );

  it.each([
    ["json-structure", '{"name":1,"name":2,"rows":[{"a":1}]}'],
    ["json-path", '{"rows":[{"a":1}],"total":1,"rows":2}'],
    ["json-structure", '{"about":{"x":1,"x":2},"rows":[{"a":1}]}'],
    ["json-structure", '{"about":[[{"x":1,"x":2}]],"rows":[{"a":1}]}'],
  ])("says with %s that a key is repeated around the records: %s", (code, text) => {
    for (const cut of [[], [5], [12], [20]])
      expect(run(document(["rows"]), Buffer.from(text), cut).fault).toMatchObject({ code });
  });

  it("takes documents whose objects share keys with one another, and records under keys that come again", () => {
    const text = '{"x":{"x":1},"rows":[{"a":1}]}{"x":{"x":1},"rows":[{"a":2}]}';
    expect(run(document(["rows"]), Buffer.from(text), [])).toMatchObject({
      records: [{ a: 1 }, { a: 2 }],
      fault: null,
    });
    expect(run(document(["by"]), Buffer.from('{"by":{"k":{"a":1},"k":{"a":2}}}'), []).records).toEqual([
      { a: 1 },
      { a: 2 },
    ]);
  });

  it("numbers lines as an editor would, blank ones counted", () => {
    const outcome = run(lines(), Buffer.from('{"a":1}\n\n\r\n{"a":\n{"a":2}\n  \n"x'), [5, 9, 20]);
    expect(outcome.lines).toEqual([1, 5]);
    expect(outcome.rejects.map(({ line, offset, code }) => [line, offset, code])).toEqual([
      [4, 11, "malformed-json"],
      [7, 28, "malformed-json"],
    ]);
  });

  it("sets aside broken UTF-8, too deep, too large and infinite records, and takes the next", () => {
    const make = (receiver: RecordReceiver) => new JsonLinesParser({ receiver, maxRecordBytes: 1000 });
    const bytes = Buffer.concat([
      Buffer.from('"ok1"\n"'),
      Buffer.from([0xff]),
      Buffer.from(
        `"\n${"[".repeat(65)}${"]".repeat(65)}\n"${"x".repeat(1200)}"\n{"a":1e999}\n${"9".repeat(400)}\n1e300\n"ok2"`,
      ),
    ]);
    for (let cut = 1; cut < bytes.length; cut += 7) {
      const outcome = run(make, bytes, [cut, Math.min(bytes.length, cut + 500)]);
      const codes = outcome.rejects.map((reject) => reject.code);
      expect(outcome.records).toEqual(cut > 0 ? expect.arrayContaining(["ok1", 1e300, "ok2"]) : []);
      expect(codes).toEqual(
        expect.arrayContaining(["invalid-utf8", "too-deep", "number-not-finite", "number-not-finite"]),
      );
    }
  });

  it("goes on from its state as if it had never stopped", () => {
    const bytes = Buffer.from(
      Array.from({ length: 40 }, (_, i) => (i % 7 ? JSON.stringify({ i }) : "{bad")).join("\n"),
    );
    const whole = run(lines(), bytes);
    for (let cut = 0; cut <= bytes.length; cut++) {
      let from: Parser["state"] = { offset: 0, line: 1, extra: {} };
      const first = run(
        (receiver) => {
          const parser = new JsonLinesParser({ receiver });
          return { ...stopAfter(parser, (state) => (from = state)) };
        },
        bytes.subarray(0, cut),
      );
      const second = run((receiver) => new JsonLinesParser({ receiver, from }), bytes.subarray(from.offset));
      expect([...first.records, ...second.records]).toEqual(whole.records);
      expect([...first.rejects, ...second.rejects]).toEqual(whole.rejects);
      expect([...first.lines, ...second.lines]).toEqual(whole.lines);
    }
  });
});

/** The parser without its end: its state where the input broke off. */
function stopAfter(parser: Parser, took: (state: Parser["state"]) => void): Parser {
  return {
    push: (bytes) => parser.push(bytes),
    end: () => took(parser.state),
    dropRecord: () => parser.dropRecord(),
    get state() {
      return parser.state;
    },
    get fault() {
      return parser.fault;
    },
    get heldBytes() {
      return parser.heldBytes;
    },
  };
}

describe("JsonDocumentParser", () => {
  const expected: unknown[] = JSON.parse(SMALL.toString());

  it("gives the elements of a document cut into two chunks at any byte", () => {
    for (let cut = 0; cut <= SMALL.length; cut++) {
      const outcome = run(document(), SMALL, [cut]);
      expect(outcome.fault).toBeNull();
      expect(outcome.rejects).toEqual([]);
      expect(outcome.records).toEqual(expected);
    }
  });

  it("gives a document's elements when each byte comes by itself", () => {
    expect(run(document(), SMALL, Array.from(SMALL.keys())).records).toEqual(expected);
  });

  it("keeps the whole elements of a document that ends at any byte, and says where it broke off", () => {
    for (let end = 0; end < SMALL.lastIndexOf("]") + 1; end++) {
      const outcome = run(document(), SMALL.subarray(0, end));
      expect(outcome.fault).toMatchObject({ code: "json-truncated", offset: end });
      expect(outcome.records).toEqual(expected.slice(0, outcome.records.length));
      const rest = end > 0 ? outcome.records.length : 0;
      expect(rest).toBeLessThanOrEqual(expected.length);
    }
  });

  it("agrees with JSON.parse on any document, or sets aside and reports", () => {
    fc.assert(
      fc.property(
        fc.array(jsonish, { maxLength: 12 }),
        fc.array(fc.nat(200), { maxLength: 4 }),
        fc.boolean(),
        (parts, cuts, wrap) => {
          const text = wrap ? `[${parts.join(",")}]` : parts.join(" ");
          const bytes = Buffer.from(text);
          const outcome = run(
            document(),
            bytes,
            cuts.filter((cut) => cut < bytes.length),
          );
          let value: unknown;
          let valid = true;
          try {
            value = JSON.parse(text);
          } catch {
            valid = false;
          }
          const clean = outcome.fault === null && outcome.rejects.length === 0;
          const documents = valid ? [value] : documentsOf(text);
          if (documents === null) expect(clean).toBe(false);
          else if (clean) expect(outcome.records).toEqual(documents.flat(1));
          else expect(outcome.rejects.every((reject) => reject.code === "number-not-finite")).toBe(true);
        },
      ),
      { numRuns: 600 },
    );
  });

  it("finds the array at a path, whatever stands around it and wherever it is cut", () => {
    const text = `{"x":[1,[2,{"data":[9]}]],"meta":{"data":{"rows":[7]}},"data":{"n":1,"rows" : [ {"a":1}, {"a":2} ],"z":"]"},"e":[]}`;
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const outcome = run(document(["data", "rows"]), bytes, [cut, Math.min(bytes.length, cut + 3)]);
      expect(outcome.fault).toBeNull();
      expect(outcome.records).toEqual([{ a: 1 }, { a: 2 }]);
    }
    expect(run(document(["data", "none"]), bytes).fault?.code).toBe("json-path");
    expect(run(document(["data", "n"]), bytes).fault?.code).toBe("json-path");
  });

  it("reads what stands behind the array, however it is cut", () => {
    const bytes = Buffer.from(`{"rows":[1,22],"z":[3,4,{"a":[5,6]}],"y":{"a":1,"b":2}}`);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const outcome = run(document(["rows"]), bytes, [cut]);
      expect([outcome.fault, outcome.rejects, outcome.records]).toEqual([null, [], [1, 22]]);
    }
  });

  it("takes the values of the object at a path as records, wherever it is cut", () => {
    const text = `{"x":{"p":1},"a.b":{"i":{"one":{"n":[1,{"q":"}"}]},\n "two" : 2,"bad":tru, "s":"x","l":[3,4]},"z":[1,2]},"e":{}}`;
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const outcome = run(document(["a.b", "i"]), bytes, [cut, Math.min(bytes.length, cut + 3)]);
      expect(outcome.fault).toBeNull();
      expect(outcome.records).toEqual([{ n: [1, { q: "}" }] }, 2, "x", [3, 4]]);
      expect(outcome.rejects.map(({ line, offset, code }) => [line, offset, code])).toEqual([
        [2, text.indexOf("tru"), "malformed-json"],
      ]);
    }
    expect(run(document(["e"]), bytes).records).toEqual([]);
    expect(run(document(["e"]), Buffer.from(`{"e":{"a":}}`)).fault?.code).toBe("json-structure");
    expect(run(document(["e"]), Buffer.from(`{"e":{"a":1},"e":{"b":2}}`)).fault?.code).toBe("json-path");
  });

  it("takes the records of documents that stand one behind another, wherever they are cut", () => {
    const text = `{"r":[{"a":1}]}\n{"x":[1,2],"r":{"k":{"a":2},"l":{"a":3}}} {"r":[{"a":4},{"a":5}]}`;
    const plain = `[{"a":1},\n{"a":2}]{"a":3,"b":{"c":[1]}}\n{"a":"4}"}[]\n[5]`;
    for (let cut = 0; cut <= text.length; cut++) {
      const outcome = run(document(["r"]), Buffer.from(text), [cut]);
      expect([outcome.fault, outcome.rejects]).toEqual([null, []]);
      expect(outcome.records).toEqual([1, 2, 3, 4, 5].map((a) => ({ a })));
      const roots = run(document(), Buffer.from(plain), [Math.min(cut, plain.length)]);
      expect([roots.fault, roots.rejects]).toEqual([null, []]);
      expect(roots.records).toEqual([{ a: 1 }, { a: 2 }, { a: 3, b: { c: [1] } }, { a: "4}" }, 5]);
    }
    expect(run(document(), Buffer.from("[1] x [2]")).fault?.code).toBe("json-structure");
    expect(run(document(), Buffer.from(`{"a":1} x`)).fault?.code).toBe("json-structure");
    expect(run(document(["r"]), Buffer.from(`{"n":1}{"r":[1]}`)).fault?.code).toBe("json-path");
  });

  it.each([
    ['{"a":1}\n{"a":[2}\n{"a":3}\n{"a":4}\n', [{ a: 1 }]],
    ['{"a":2\n{"a":3}', []],
    ['{"a":1}\n{"a":', [{ a: 1 }]],
    ['{"a":1}[{"a":2}]{', [{ a: 1 }, { a: 2 }]],
    ["{", []],
    ['{"a":"b"', []],
    ['{"a":"b}', []],
    ['{"a":1}{"a":{"b":2} \n ', [{ a: 1 }]],
    ['{"a":[1]} {"b":1 nonsense', [{ a: [1] }]],
  ])(
    "refuses a record that never closes, and says that the document is cut, wherever the chunks are: %s",
    (text, records) => {
      for (let cut = 0; cut <= text.length; cut++) {
        const outcome = run(document(), Buffer.from(text), [cut]);
        expect(outcome.fault).toMatchObject({ code: "json-truncated", offset: text.length });
        expect(outcome.rejects).toMatchObject([{ code: "malformed-json" }]);
        expect(outcome.records).toEqual(records);
      }
    },
  );

  it("says that the document is cut where the open record was too large to keep", () => {
    const make = (receiver: RecordReceiver) => new JsonDocumentParser({ receiver, maxRecordBytes: 20 });
    const outcome = run(make, Buffer.from(`{"a":1}{"a":[2}${'\n{"a":3}'.repeat(9)}`), [30]);
    expect(outcome.fault).toMatchObject({ code: "json-truncated" });
    expect(outcome.rejects).toMatchObject([{ code: "record-too-large" }]);
  });

  it("takes a last value without brackets, and white space behind the last bracket, as the end", () => {
    for (const text of ['{"a":1}', ' {"a":1} \n', '\n{"a":1}\n\n'])
      expect(run(document(), Buffer.from(text))).toMatchObject({ records: [{ a: 1 }], rejects: [], fault: null });
    expect(run(document(), Buffer.from(" 5 "))).toMatchObject({ records: [5], rejects: [], fault: null });
    expect(run(document(), Buffer.from('{"a":1}}')).fault?.code).toBe("json-structure");
    expect(run(document(), Buffer.from('{"a":1]\n{"a":2}'))).toMatchObject({ records: [{ a: 2 }], fault: null });
  });

  it("gives selected keys of elements at any cut", () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ a: i, b: `x"${i}`, c: [{ a: 1 }], "\\": { a: 2 } }));
    const bytes = Buffer.from(JSON.stringify({ r: rows }));
    for (let cut = 0; cut <= bytes.length; cut += 5) {
      const outcome = run(document(["r"], ["a", "b"]), bytes, [Math.min(cut, 40), cut]);
      const a = outcome.records.map((record) => Object(record).a);
      expect(a).toEqual(rows.map((row) => row.a));
      expect(outcome.records.map((record) => Object(record).b)).toEqual(rows.map((row) => row.b));
    }
  });

  it("goes on within the array as if it had never stopped", () => {
    const bytes = SMALL;
    for (let cut = 0; cut < bytes.length; cut++) {
      let from: Parser["state"] = { offset: 0, line: 1, extra: {} };
      const first = run(
        (receiver) => stopAfter(new JsonDocumentParser({ receiver }), (state) => (from = state)),
        bytes.subarray(0, cut),
      );
      const second = run((receiver) => new JsonDocumentParser({ receiver, from }), bytes.subarray(from.offset));
      const kept = from.offset === 0 ? [] : first.records;
      if (second.fault === null) expect([...kept, ...second.records]).toEqual(expected);
      else expect(cut).toBeGreaterThan(bytes.lastIndexOf("]"));
    }
  });

  it("sets a bad element aside with its line and offset and takes the next", () => {
    const bytes = Buffer.from('[\n{"a":1},\n{"a":tru},\n{"a":2},,\n3]');
    const outcome = run(document(), bytes, [12]);
    expect(outcome.records).toEqual([{ a: 1 }, { a: 2 }, 3]);
    expect(outcome.rejects.map(({ line, offset, code }) => [line, offset, code])).toEqual([
      [3, 11, "malformed-json"],
      [4, 30, "malformed-json"],
    ]);
  });
});
