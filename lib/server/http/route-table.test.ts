import fc from "fast-check";
import { TrieRouter } from "hono/router/trie-router";
import { expect, it } from "vitest";
import { RouteTable } from "./route-table.ts";

const first = (table: { match(method: string, path: string): unknown }, method: string, path: string) => {
  const [matches] = table.match(method, path) as [[string, unknown][]];
  return matches[0]?.[0] ?? null;
};

it("gives a method's own route before the answer to other methods, a literal before a parameter, and the rest to *", () => {
  const table = new RouteTable<string>();
  for (const [method, path] of [
    ["GET", "/api/cache"],
    ["POST", "/api/cache/batch"],
    ["GET", "/api/cache/:key"],
    ["ALL", "/api/cache/batch"],
    ["ALL", "/api/cache/:key"],
    ["GET", "/api/:any/batch/more"],
  ] as const) {
    table.add(method, path, `${method} ${path}`);
  }
  table.add("ALL", "*", "none");
  expect(first(table, "POST", "/api/cache/batch")).toBe("POST /api/cache/batch");
  // `batch` is a key like any other for those who get it.
  expect(first(table, "GET", "/api/cache/batch")).toBe("GET /api/cache/:key");
  expect(first(table, "PATCH", "/api/cache/batch")).toBe("ALL /api/cache/batch");
  expect(first(table, "PATCH", "/api/cache/k")).toBe("ALL /api/cache/:key");
  expect(first(table, "GET", "/api/cache/batch/more")).toBe("GET /api/:any/batch/more");
  for (const path of ["/", "/api", "/api/cache/", "/api//cache", "/api/cache/a/b", "/api/cache/__proto__/x"]) {
    expect(first(table, "GET", path), path).toBe("none");
  }
});

it("refuses the same route twice", () => {
  const table = new RouteTable<string>();
  table.add("GET", "/a/:b", "one");
  expect(() => table.add("GET", "/a/:c", "two")).toThrow("twice");
});

it("finds one of the handlers that Hono's own router finds, and none where that finds none", () => {
  const segment = fc.constantFrom("a", "b", "constructor");
  const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => `/${segments.join("/")}`);
  const pattern = fc
    .array(fc.oneof(segment, fc.constant(":x")), { minLength: 1, maxLength: 3 })
    .map((segments) => `/${segments.join("/")}`);
  const method = fc.constantFrom("GET", "PUT");
  const routes = fc.uniqueArray(fc.tuple(method, pattern), { selector: String, maxLength: 8 });
  fc.assert(
    fc.property(routes, fc.array(fc.tuple(method, path), { maxLength: 20 }), (added, asked) => {
      const [ours, theirs] = [new RouteTable<string>(), new TrieRouter<string>()];
      for (const [verb, to] of added) for (const router of [ours, theirs]) router.add(verb, to, `${verb} ${to}`);
      for (const [verb, to] of asked) {
        const [candidates] = theirs.match(verb, to) as [[string, unknown][]];
        const names = candidates.map(([name]) => name);
        const found = first(ours, verb, to);
        // Where several fit, Hono goes by the order of adding, and we by literals: ours is one of theirs.
        if (names.length === 0) expect(found).toBeNull();
        else expect(names).toContain(found);
      }
    }),
  );
});
