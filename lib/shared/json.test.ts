import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "./errors.ts";
import { parseJson } from "./json.ts";
import { MAX_JSON_DEPTH } from "./json-survey.ts";

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

  it("refuses a number that would not keep its value with 422 and its path, and one without bounds with 400", () => {
    const refused = (text: string) => {
      try {
        return parseJson(bytes(text));
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return [error.status, error.code, error.errors.map(({ path }) => path)];
      }
    };
    const long = "0.1000000000000000055511151231257827";
    expect(refused('{"data":{"a/b":[9007199254740993]}}')).toEqual([422, "number-not-exact", ["/data/a~1b/0"]]);
    expect(refused(`[-0,1,${long},"-0"]`)).toEqual([422, "number-not-exact", ["/0", "/2"]]);
    expect(refused('{"n":-0.0e7}')).toEqual([422, "number-not-exact", ["/n"]]);
    expect(refused("1E400")).toEqual([400, "malformed-json", [""]]);
    expect(refused('[0.10,1.0,1e3,-0.5,"-0",9007199254740992]')).toEqual([0.1, 1, 1000, -0.5, "-0", 9007199254740992]);
  });

  it("takes 64 levels and refuses 65, and a million, without building them", () => {
    const nested = (depth: number) => bytes("[".repeat(depth) + "]".repeat(depth));
    expect(() => parseJson(nested(MAX_JSON_DEPTH))).not.toThrow();
    for (const depth of [MAX_JSON_DEPTH + 1, 1_000_000])
      expect(() => parseJson(nested(depth))).toThrow("nested more than 64");
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
