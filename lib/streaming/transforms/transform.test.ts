import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseFilter } from "../../shared/filter.ts";
import { compileTransform, keysRead, type TransformSpec } from "./transform.ts";

const apply = (spec: TransformSpec, record: unknown) => {
  const transform = compileTransform(spec);
  return transform ? transform(record) : { record };
};

describe("compileTransform", () => {
  it("is nothing when nothing is asked for", () => {
    expect(compileTransform({})).toBeNull();
  });

  it("filters on the record as it came, then selects, renames, casts and adds", () => {
    const spec: TransformSpec = {
      where: parseFilter({ price: "12" }),
      select: ["price", "m.t"],
      rename: [
        ["price", "cost"],
        ["m.t", "title"],
      ],
      cast: [["cost", "number"]],
      constant: [["lang", "en"]],
    };
    expect(apply(spec, { price: "12", m: { t: "x" }, other: 1 })).toEqual({
      record: { cost: 12, title: "x", lang: "en" },
    });
    expect(apply(spec, { price: "13" })).toBeNull();
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
});
