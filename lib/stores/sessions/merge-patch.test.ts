import fc from "fast-check";
import { expect, it } from "vitest";
import type { Json } from "../../shared/json-value.ts";
import { mergePatch } from "./merge-patch.ts";

it.each<[Json, Json, Json]>([
  // The cases of RFC 7396, appendix A.
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [
    ["a", "b"],
    ["c", "d"],
    ["c", "d"],
  ],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ a: "foo" }, "bar", "bar"],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])("merges %j with %j to %j", (target, patch, merged) => {
  expect(mergePatch(target, patch)).toEqual(merged);
});

it("keeps __proto__ and constructor as plain members and touches no prototype", () => {
  const patch: Json = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
  const merged = mergePatch({ a: 1 }, patch);
  expect(JSON.stringify(merged)).toBe(
    '{"a":1,"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
  );
  expect("polluted" in {}).toBe(false);
});

it("changes nothing when the same patch comes twice", () => {
  const json = fc.jsonValue().map((value): Json => JSON.parse(JSON.stringify(value)));
  fc.assert(
    fc.property(json, json, (target, patch) => {
      const once = mergePatch(target, patch);
      expect(mergePatch(once, patch)).toEqual(once);
    }),
  );
});
