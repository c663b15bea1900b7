import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { litParts } from "./lit-parts.ts";

describe("litParts", () => {
  it("gives the text back when its parts are joined, whatever is asked", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), fc.string({ maxLength: 20 }), (text, question) => {
        const parts = litParts(text, question);
        expect(parts.map(({ part }) => part).join("")).toBe(text);
        for (const { start, part } of parts) expect(text.slice(start, start + part.length)).toBe(part);
      }),
    );
  });

  it("lights a word in its other forms, and not words that only contain it", () => {
    const lit = (text: string, question: string) =>
      litParts(text, question).flatMap(({ part, isLit }) => (isLit ? [part] : []));
    expect(lit("Running wings, and the Café.", "wing cafe run")).toEqual(["wings", "Café"]);
    expect(lit("a cat catalogues", "a cat")).toEqual(["a", "cat"]);
  });
});
