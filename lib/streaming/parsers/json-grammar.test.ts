import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isJson } from "./json-grammar.ts";

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const TEXTS = [
  ...[
    "",
    " ",
    "x",
    "{",
    "}",
    "[",
    "]",
    '"',
    "[,]",
    "[1,]",
    "{,}",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    "{a:1}",
    "[1 2]",
    "1 1",
  ],
  ...[
    "0",
    "-0",
    "00",
    "01",
    "-",
    "-a",
    "1.",
    ".5",
    "1.5",
    "1e",
    "1e+",
    "1E-5",
    "1e400",
    "0x1",
    "+1",
    "-01",
    "NaN",
    "Infinity",
  ],
  ...[
    "true",
    "tru",
    "truex",
    "null ",
    "\u00a0null",
    "\ufeff1",
    "[true,false,null]",
    '"\\u00g0"',
    '"\\u00',
    '"\\x"',
    '"\\"',
    '"a\tb"',
    '"\\/"',
  ],
];
/** Bytes of which JSON is made: what they give by chance is nearly JSON. */
const nearly = fc.string({ unit: fc.constantFrom(...'{}[]",:\\ue1-.0tfn \n\t') });

describe("isJson", () => {
  it.each(TEXTS)("takes what JSON.parse takes, and nothing else: %j", (text) => {
    expect(isJson(Buffer.from(text))).toBe(parses(text));
  });

  it("agrees with JSON.parse about any text, and about JSON with a byte changed", () => {
    const changed = fc
      .tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.constantFrom(...'{}[]",:\\e-.0 x'))
      .map(([json, at, by]) => {
        const place = at % (json.length + 1);
        return json.slice(0, place) + by + json.slice(place + 1);
      });
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), nearly, changed), (text) => {
        expect(isJson(Buffer.from(text))).toBe(parses(text.toWellFormed()));
      }),
      { numRuns: 5000 },
    );
  });
});
