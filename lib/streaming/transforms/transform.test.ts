import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseFilter } from "../../shared/filter.ts";
import { compileTransform, keysRead, type TransformSpec } from "./transform.ts";

const apply = (spec: TransformSpec, record: unknown) => {
  const transform = compileTransform(spec);
  return transform ? transform.apply(record) : { record };
};

describe("compileTransform", () => {
  it("is nothing when nothing is asked for", () => {
    expect(compileTransform({})).toBeNull();
  });

  it("casts, renames, filters, selects and adds, in this order", () => {
    const spec: TransformSpec = {
      where: parseFilter({ cost: { gt: 10 }, title: "x" }),
      select: ["cost", "title"],
      rename: [
        ["price", "cost"],
        ["m.t", "title"],
      ],
      cast: [
        ["price", "number"],
        ["m.n", "number"],
      ],
      constant: [["lang", "en"]],
    };
    expect(apply(spec, { price: "12", m: { t: "x", n: "1" }, other: 1 })).toEqual({
      record: { cost: 12, title: "x", lang: "en" },
    });
    expect(apply(spec, { price: "9.5", m: { t: "x" } })).toBeNull();
    expect(apply(spec, { price: "12", m: { t: "x", n: "one" } })).toHaveProperty("problem");
  });

  it("makes null of an empty cell and of null, whatever they are cast to", () => {
    for (const kind of ["number", "boolean", "json", "string"] as const) {
      for (const value of [null, ""]) {
        const cells = { cast: [["n", kind]], cells: true } as const;
        expect(apply(cells, { id: "a", n: value }), kind).toEqual({ record: { id: "a", n: null } });
      }
      expect(apply({ cast: [["n", kind]] }, { n: null })).toEqual({ record: { n: null } });
      expect(apply({ cast: [["n", kind]] }, {})).toEqual({ record: {} });
    }
    expect(apply({ cast: [["n", "string"]] }, { n: "" })).toEqual({ record: { n: "" } });
  });

  it("makes null of the texts that stand for it, in any field, before it casts", () => {
    const spec: TransformSpec = { nulls: ["NULL", "NA"], cast: [["n", "number"]] };
    expect(apply(spec, { id: "NA", n: "NULL", t: "null" })).toEqual({ record: { id: null, n: null, t: "null" } });
  });

  it("reads numbers with a decimal comma, and no number that could mean another", () => {
    const read = (n: string, decimal: "." | "," = ",") => apply({ cast: [["n", "number"]], decimal }, { n });
    for (const [text, value] of [
      ["2,5", 2.5],
      ["-0,25", -0.25],
      ["12", 12],
      ["1,5e3", 1500],
      [" 7 ", 7],
    ] as const)
      expect(read(text)).toEqual({ record: { n: value } });
    for (const text of ["1.234", "1.234,5", "1,2,3", ",", "x"]) expect(read(text), text).toHaveProperty("problem");
    expect(read("2,5", ".")).toHaveProperty("problem");
  });

  it("doubts text that a number would not keep", () => {
    const read = (n: string) => apply({ cast: [["n", "number"]] }, { n });
    for (const text of ["9007199254740993", "1413617112501850121", "0.12345678901234567891", "-0"])
      expect(read(text), text).toHaveProperty("doubtful", true);
    expect(read("1e400")).toHaveProperty("problem");
    expect(read("9007199254740992")).toEqual({ record: { n: 9007199254740992 } });
    expect(read("+1.50")).toEqual({ record: { n: 1.5 } });
  });

  it("reads truth as spreadsheets and programs write it", () => {
    for (const [text, value] of [
      ["TRUE", true],
      ["False", false],
      ["1", true],
    ] as const)
      expect(apply({ cast: [["n", "boolean"]] }, { n: text })).toEqual({ record: { n: value } });
  });

  it("reads as numbers what is decimal alone: other spellings of programs are codes or ids", () => {
    const cast = [["n", "number"]] as const;
    for (const [text, n] of [
      ["+5", 5],
      [".5", 0.5],
      ["5.", 5],
      [" 1e3 ", 1000],
      ["-2.5E-1", -0.25],
    ] as const)
      expect(apply({ cast }, { n: text })).toEqual({ record: { n } });
    for (const n of ["0x10", "0X1f", "0b1", "0o7", "1_000", ".", "+", "e5", "1e", "1.2.3", "Infinity", "NaN"])
      expect(apply({ cast }, { n }), n).toEqual({ problem: '"n" cannot be read as number' });
  });

  it("counts the records that have none of the selected fields", () => {
    const transform = compileTransform({ select: ["a", "b.c"] });
    const records = [{ x: 1 }, { a: null }, { b: { c: 1 } }, { b: 1 }, {}];
    expect(records.map((record) => transform?.apply(record))).toEqual([
      { record: {} },
      { record: { a: null } },
      { record: { "b.c": 1 } },
      { record: {} },
      { record: {} },
    ]);
    expect([transform?.takeEmpty(), transform?.takeEmpty()]).toEqual([3, 0]);
  });

  it("counts the records in which a text was compared with a number, in either way", () => {
    const count = (filter: unknown, records: readonly Record<string, unknown>[]) => {
      const transform = compileTransform({ where: parseFilter(filter) });
      for (const record of records) transform?.apply(record);
      return [transform?.takeUnlike(), transform?.takeUnlike()];
    };
    const texts = [{ n: "5" }, { n: "12" }, { n: ["1", "2"] }, { n: 7 }, { n: null }, {}];
    for (const filter of [{ n: { gt: 10 } }, { n: 12 }, { n: { ne: 12 } }, { n: { in: [1, 2] } }, { not: { n: 12 } }])
      expect(count(filter, texts)).toEqual([3, 0]);
    expect(count({ n: "12" }, [{ n: 12 }, { n: "12" }])).toEqual([1, 0]);
    expect(count({ n: { in: ["12", 12] } }, texts)).toEqual([0, 0]);
    expect(count({ n: { exists: true } }, texts)).toEqual([0, 0]);
  });

  it("lets two fields change places", () => {
    expect(
      apply(
        {
          rename: [
            ["a", "b"],
            ["b", "a"],
          ],
        },
        { a: 1, b: 2, c: 3 },
      ),
    ).toEqual({ record: { b: 1, a: 2, c: 3 } });
  });

  it("refuses what cannot be cast, and what is no object", () => {
    expect(apply({ cast: [["n", "number"]] }, { n: "ten" })).toEqual({ problem: expect.stringContaining('"n"') });
    expect(apply({ cast: [["v", "json"]] }, { v: "[1,2" })).toHaveProperty("problem");
    expect(apply({ cast: [["v", "json"]] }, { v: "[1,2]" })).toEqual({ record: { v: [1, 2] } });
    expect(apply({ select: ["a"] }, [1])).toHaveProperty("problem");
  });

  it("never touches a prototype, whatever the names", () => {
    const name = fc.constantFrom("__proto__", "constructor", "prototype", "toString", "a");
    fc.assert(
      fc.property(name, name, fc.string(), (from, to, value) => {
        const record: unknown = JSON.parse(`{${JSON.stringify(from)}:{"polluted":true}}`);
        const outcome = apply({ select: [from], rename: [[from, to]], constant: [[to, value]] }, record);
        expect(Object.hasOwn(Object(Reflect.get(Object(outcome), "record")), to)).toBe(true);
        expect(Reflect.get({}, "polluted")).toBeUndefined();
        expect(Object.getPrototypeOf(Reflect.get(Object(outcome), "record"))).toBe(Object.prototype);
      }),
    );
  });

  it("names the keys that a selection and its filter read", () => {
    expect(keysRead({ where: parseFilter({ a: 1 }) })).toBeNull();
    expect(keysRead({ select: ["b", "m.t"], where: parseFilter({ or: [{ a: 1 }, { not: { b: 2 } }] }) })).toEqual([
      "b",
      "m.t",
      "m",
      "a",
    ]);
  });

  it("reads the names that a selection had before they were renamed, and all that is cast", () => {
    const spec: TransformSpec = {
      select: ["cost"],
      where: parseFilter({ town: "x" }),
      rename: [
        ["m.price", "cost"],
        ["ort", "town"],
      ],
      cast: [["n", "number"]],
    };
    expect(new Set(keysRead(spec))).toEqual(new Set(["cost", "town", "m.price", "m", "ort", "n"]));
  });
});
