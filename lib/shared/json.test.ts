import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_JSON_DEPTH, parseJson } from "./json.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("parseJson", () => {
  it("agrees with JSON.parse on any JSON, whatever its strings hold", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        expect(parseJson(bytes(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it("takes quotes, backslashes, colons and braces inside strings for text", () => {
    for (const value of [{ 'a"b': ":\\" }, { "\\": '\\"{' }, ["[[[", "\\\\"], { __proto__x: ":" }]) {
      expect(parseJson(bytes(JSON.stringify(value)))).toEqual(value);
    }
  });

  it("refuses a repeated key at any level", () => {
    for (const text of ['{"a":1,"a":1}', '[{"b":{"a":1,"\\u0061":2}}]', '{"__proto__":1,"__proto__":2}']) {
      expect(() => parseJson(bytes(text)), text).toThrow("repeats a key");
    }
  });

  it("takes 64 levels and refuses 65, and a million, without building them", () => {
    const nested = (depth: number) => bytes("[".repeat(depth) + "]".repeat(depth));
    expect(() => parseJson(nested(MAX_JSON_DEPTH))).not.toThrow();
    for (const depth of [MAX_JSON_DEPTH + 1, 1_000_000])
      expect(() => parseJson(nested(depth))).toThrow("nested deeper");
  });

  it("refuses what is not UTF-8, a byte-order mark, and what is no JSON", () => {
    expect(() => parseJson(new Uint8Array([0x22, 0xff, 0x22]))).toThrow("UTF-8");
    expect(() => parseJson(bytes("\ufeff{}"))).toThrow("byte-order mark");
    for (const text of ["", "{", "{'a':1}", "nul", '{"a":}', "[1,]", "NaN"])
      expect(() => parseJson(bytes(text)), text).toThrow();
  });

  it("keeps __proto__ as an ordinary key", () => {
    const value = parseJson(bytes('{"__proto__":{"polluted":true}}')) as object;
    expect(Object.keys(value)).toEqual(["__proto__"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
