import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileFilter, FilterError, hasCondition, parseFilter } from "./filter.ts";

const matches = (filter: unknown, record: Record<string, unknown>) => compileFilter(parseFilter(filter))(record);

describe("filters", () => {
  it.each([
    [{ a: 1 }, { a: 1 }, true],
    [{ a: 1 }, { a: "1" }, false],
    [{ a: null }, {}, false],
    [{ a: { ne: 1 } }, {}, true],
    [{ a: { gt: 1, lte: 3 } }, { a: 3 }, true],
    [{ a: { gt: 1, lte: 3 } }, { a: 1 }, false],
    [{ a: { lt: "b" } }, { a: "a" }, true],
    [{ a: { lt: 5 } }, { a: "1" }, false],
    [{ a: { in: ["x", 2] } }, { a: 2 }, true],
    [{ tags: "x" }, { tags: ["y", "x"] }, true],
    [{ tags: { ne: "x" } }, { tags: ["y", "x"] }, false],
    [{ a: { exists: false } }, {}, true],
    [{ "m.k": 1 }, { m: { k: 1 } }, true],
    [{ "m.k": 1 }, { "m.k": 1, m: { k: 2 } }, true],
    [{ or: [{ a: 1 }, { b: 1 }] }, { b: 1 }, true],
    [{ not: { a: 1 }, b: 2 }, { a: 2, b: 2 }, true],
    [{ constructor: { exists: true } }, {}, false],
    [{ and: [] }, {}, true],
    [{ or: [] }, {}, false],
    [{}, { a: 1 }, true],
  ])("%j on %j is %j", (filter, record, expected) => {
    expect(matches(filter, record)).toBe(expected);
  });

  it.each([
    [{ a: { near: 1 } }, "/a/near"],
    [{ a: [1] }, "/a"],
    [{ a: {} }, "/a"],
    [{ and: {} }, "/and"],
    [{ and: [{ a: { in: "x" } }] }, "/and/0/a/in"],
    [{ not: 5 }, "/not"],
    [{ a: { gt: true } }, "/a/gt"],
    [[], ""],
  ])("%j is refused at %j", (filter, path) => {
    expect(() => parseFilter(filter)).toThrow(expect.objectContaining({ name: "FilterError", path }));
  });

  it("goes through a list of objects into each of them", () => {
    const order = { id: 1, items: [{ sku: "a", n: 1 }, { sku: "b", tags: ["x", "y"] }, 7], "items.flat": 1 };
    const holding = [
      { "items.sku": "b" },
      { "items.sku": { in: ["z", "a"] } },
      { "items.n": { lte: 1 } },
      { "items.tags": "y" },
      { "items.n": { exists: true } },
      { "items.price": { exists: false } },
      { "items.sku": { ne: "c" } },
      { "items.1.sku": "b" },
      { "items.flat": 1 },
    ];
    const failing = [{ "items.sku": "c" }, { "items.n": { gt: 1 } }, { "items.sku": { ne: "a" } }, { "items.n": null }];
    for (const filter of holding) expect(matches(filter, order), JSON.stringify(filter)).toBe(true);
    for (const filter of failing) expect(matches(filter, order), JSON.stringify(filter)).toBe(false);
    expect(matches({ "items.sku": "a" }, { items: [] })).toBe(false);
    expect(matches({ "a.b.c": 1 }, { a: [{ b: [{ c: 2 }, { c: 1 }] }] })).toBe(true);
  });

  it("refuses what is too deep or too large, without a stack overflow", () => {
    let deep: unknown = { a: 1 };
    for (let i = 0; i < 10_000; i++) deep = { not: deep };
    expect(() => parseFilter(deep)).toThrow(FilterError);
    expect(() => parseFilter({ or: Array.from({ length: 300 }, (_, i) => ({ a: i })) })).toThrow(FilterError);
    expect(() => parseFilter({ a: { in: Array.from({ length: 1001 }, (_, i) => i) } })).toThrow(FilterError);
  });

  it("has a condition only where fields decide", () => {
    for (const empty of [{}, { and: [] }, { or: [] }, { or: [{}, { a: 1 }] }, { not: {} }, { and: [{ or: [{}] }] }])
      expect(hasCondition(parseFilter(empty)), JSON.stringify(empty)).toBe(false);
    for (const given of [{ a: 1 }, { and: [{}, { a: null }] }, { not: { or: [{ a: 1 }] } }, { a: { exists: false } }])
      expect(hasCondition(parseFilter(given)), JSON.stringify(given)).toBe(true);
  });

  it("keeps `not` the opposite and `and`, `or` each other's mirror on any record", () => {
    const record = fc.dictionary(
      fc.constantFrom("a", "b"),
      fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom("x", "y", null, true)),
    );
    const leaf = fc
      .tuple(fc.constantFrom("a", "b"), fc.constantFrom("eq", "ne", "gt", "lte"), fc.integer({ min: 0, max: 3 }))
      .map(([field, op, value]) => ({ [field]: { [op]: value } }));
    fc.assert(
      fc.property(record, leaf, leaf, (value, p, q) => {
        expect(matches({ not: p }, value)).toBe(!matches(p, value));
        expect(matches({ not: { and: [p, q] } }, value)).toBe(matches({ or: [{ not: p }, { not: q }] }, value));
      }),
    );
  });
});
