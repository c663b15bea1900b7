import fc from "fast-check";
import { expect, it } from "vitest";
import { encoded } from "./measured-text.ts";

it("encodes as Buffer does, ASCII or not, however long the text and the one before it were", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: "binary-ascii" }),
    fc.constantFrom("a", "é", "界", "😀").chain((letter) => fc.nat(40_000).map((length) => letter.repeat(length))),
  );
  fc.assert(
    fc.property(text, (raw) => {
      const json = JSON.stringify(raw);
      const bytes = Buffer.byteLength(json);
      expect(Buffer.compare(encoded({ text: json, bytes }), Buffer.from(json))).toBe(0);
    }),
  );
});
