import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findInexact, isExact, plainDigits } from "../shared/exact-number.ts";
import type { ParseSpec } from "./job-spec.ts";
import { repeatsKey } from "./parsers/shaped-lines.fixture.ts";
import { Pipeline } from "./pipeline.ts";

/** What becomes of the bytes, cut at `cuts`: kept records, and the codes and first words of the refused by line. */
function run(spec: ParseSpec, text: string, cuts: readonly number[] = []) {
  const bytes = Buffer.from(text);
  const pipeline = new Pipeline(spec, null, true);
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const results = edges.slice(1).map((edge, index) => pipeline.slice(bytes.subarray(edges[index], edge)));
  results.push(pipeline.end());
  return {
    records: results.flatMap(({ out }) => out?.records ?? []),
    // Within a slice, what the parser refuses is told before what is refused after it.
    refused: results
      .flatMap(({ rejects }) => rejects)
      .sort((a, b) => a.line - b.line)
      .map(({ line, code, message }) => [line, code, code === "number-not-exact" ? message.split(" ")[0] : ""]),
  };
}

const number = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -1000, max: 1000 }).map(String) },
  { weight: 2, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ..."-0 -0.0 0.10 1E5 9007199254740992 9007199254740993 1413617112501850121 1e-400 1e400 -0e5".split(" "),
      ..."90071992547409.925 0.1000000000000000055511151231257827 123456789012345678901234567890 -1.5E+22 5e-324".split(
        " ",
      ),
    ),
  },
);

const row = fc
  .record({
    id: number,
    n: number,
    list: fc.array(number, { maxLength: 3 }),
    deep: number,
    vector: fc.array(number, { minLength: 1, maxLength: 3 }),
    twice: fc.constantFrom("", "", "", "", "", "n", "deep", "e"),
    order: fc.boolean(),
  })
  .map(({ id, n, list, deep, vector, twice, order }) => {
    const inner = `{"e":${deep}${twice === "e" ? ',"\\u0065":1' : ""}}`;
    const members = [`"n":${n}`, `"list":[${list}]`, `"deep":{"d":[${inner}]}`, `"text":"a:1,\\"b\\":-0 ${n}"`];
    if (order) members.reverse();
    const again = twice === "n" || twice === "deep" ? `,"${twice}":1` : "";
    return `{"id":${id},"vector":[${vector}],${members.join(",")}${again}}`;
  });

/** What must become of a row, found out the slow way. */
function expected(text: string, line: number, selected: boolean) {
  const value = JSON.parse(text) as Record<string, unknown>;
  const members = /"id":([^,]*),/.exec(text)?.[1] ?? "";
  if (repeatsKey(text)) return { refused: [line, "malformed-json", ""] };
  if (/[:,[]-?[\d.]+e400/i.test(text.replace(/"text":"(?:[^"\\]|\\.)*"/, "")))
    return { refused: [line, "number-not-finite", ""] };
  const bad = findInexact(text, [["vector"]], 100).filter(
    ({ path }) => path[0] !== "id" && (!selected || path[0] === "n"),
  );
  const digits = plainDigits(members, 256);
  if (digits === null && !isExact(members)) return { refused: [line, "number-not-exact", "/id"] };
  if (bad[0]) return { refused: [line, "number-not-exact", `/${bad[0].path.join("/")}`] };
  if (!isExact(members)) value.id = digits;
  const { id, vector, n } = value;
  return { record: selected ? { id, vector, n } : value };
}

const formats = ["ndjson", "json"] as const;

describe("numbers of a stream's records", () => {
  it("keep their value, become an id's digits, are rounded in a vector, or refuse their record; a repeated key refuses it", () => {
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 30 }),
        fc.array(fc.nat(), { maxLength: 4 }),
        fc.constantFrom(...formats),
        (rows, cuts, format) => {
          const text = format === "json" ? `[${rows.join(",\n")}]` : rows.join("\n");
          const { records, refused } = run({ format, target: "vectors", transform: {} }, text, cuts);
          const right = rows.map((each, index) => expected(each, index + 1, false));
          expect(records).toEqual(right.flatMap(({ record }) => (record ? [record] : [])));
          expect(refused).toEqual(right.flatMap(({ refused: one }) => (one ? [one] : [])));
        },
      ),
      { numRuns: 150, endOnFailure: true },
    );
  });

  it("keep the two ids of 19 digits apart, whatever reads them", () => {
    const rows = (count: number) =>
      Array.from({ length: count }, (_, index) => `{"id":14136171125018${50121 + index},"vector":[1,0],"lang":"de"}`);
    for (const count of [1, 2, 40])
      for (const format of formats)
        for (const select of [undefined, ["id", "lang"]]) {
          const all = rows(count);
          const text = format === "json" ? `[${all.join(",")}]` : all.join("\n");
          const spec: ParseSpec = { format, target: "vectors", transform: select ? { select } : {} };
          const ids = run(spec, text).records.map((record) => (record as { id: string }).id);
          expect(new Set(ids).size, `${count} ${format} ${select}`).toBe(count);
          expect(ids[0]).toBe("1413617112501850121");
        }
  });

  it("are digits where a cast makes text of them, and refused where one makes a number of too many digits", () => {
    const spec: ParseSpec = { format: "ndjson", target: "sessions", transform: { cast: [["n", "string"]] } };
    expect(run(spec, '{"n":1413617112501850121}\n{"n":-0}\n{"n":1e21}').records).toEqual([
      { n: "1413617112501850121" },
      { n: "-0" },
      { n: "1000000000000000000000" },
    ]);
    const csv: ParseSpec = {
      format: "csv",
      target: "sessions",
      transform: {
        cast: [
          ["n", "number"],
          ["j", "json"],
        ],
      },
    };
    expect(
      run(csv, 'n,j\n1413617112501850121,1\n007.50,[1.0]\n-0,1\n1,"{""a"":[1e-400]}"\n1,"{""a"":1,""a"":2}"\n'),
    ).toEqual({
      records: [{ n: 7.5, j: [1] }],
      refused: [
        [2, "number-not-exact", "/n"],
        [4, "number-not-exact", "/n"],
        [5, "number-not-exact", "/j/a/0"],
        [6, "transform-failed", ""],
      ],
    });
  });

  it("are compared by their value where a filter meets one that is wider than a double", () => {
    const where = { kind: "compare", field: "id", operator: "gt", value: 9007199254740992 } as const;
    const spec: ParseSpec = { format: "ndjson", target: "rag", transform: { where } };
    const text = '{"id":9007199254740993}\n{"id":9007199254740992}\n{"id":-9007199254740993}\n{"id":1e300}';
    expect(run(spec, text).records).toEqual([{ id: "9007199254740993" }, { id: 1e300 }]);
  });

  it("are part of what is kept where a record is its own body: there a wide id is refused, not made text", () => {
    const text = '{"id":9007199254740993,"name":"a"}';
    for (const target of ["sessions", "cache"] as const) {
      const { records, refused } = run({ format: "ndjson", target, transform: {} }, text);
      expect([records, refused]).toEqual([[], [[1, "number-not-exact", "/id"]]]);
    }
    const body = '{"id":9007199254740993,"data":{"name":"a"}}';
    expect(run({ format: "ndjson", target: "sessions", transform: {} }, body).records).toEqual([
      { id: "9007199254740993", data: { name: "a" } },
    ]);
    const response = '{"key":9007199254740993,"body":"YQ=="}';
    expect(run({ format: "ndjson", target: "cache", transform: {} }, response).records).toEqual([
      { key: "9007199254740993", body: "YQ==" },
    ]);
  });

  it("of a vector under another name are rounded, those of data called vector are not", () => {
    const text = '{"id":"a","emb":[0.1000000000000000055511151231257827,-0.0]}';
    const spec: ParseSpec = { format: "ndjson", target: "vectors", transform: { rename: [["emb", "vector"]] } };
    expect(run(spec, text).records).toEqual([{ id: "a", vector: [0.1, -0] }]);
    const data = '{"vector":[0.1000000000000000055511151231257827]}';
    expect(run({ format: "ndjson", target: "sessions", transform: {} }, data).refused).toEqual([
      [1, "number-not-exact", "/vector/0"],
    ]);
  });
});
