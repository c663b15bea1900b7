import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { highlightedParts } from "./highlighted-parts.ts";

const word = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 1 }),
  fc.constantFrom("東", "京", "𠮷", "a", "be", "wing", "İ", " "),
);

const litOf = (text: string, question: string): string[] =>
  highlightedParts(text, question).flatMap(({ part, isHighlighted }) => (isHighlighted ? [part] : []));

describe("highlightedParts", () => {
  it("gives the text back when its parts are joined, whatever is asked", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: word, maxLength: 60 }),
        fc.string({ unit: word, maxLength: 20 }),
        (text, question) => {
          const parts = highlightedParts(text, question);
          expect(parts.map(({ part }) => part).join("")).toBe(text);
          for (const { start, part } of parts) expect(text.slice(start, start + part.length)).toBe(part);
        },
      ),
    );
  });

  it("lights a word in its other forms, and not words that only contain it", () => {
    expect(litOf("Running wings, and the Café.", "wing cafe run")).toEqual(["wings", "Café"]);
    expect(litOf("a cat catalogues", "a cat")).toEqual(["cat"]);
  });

  it("lights common words only when nothing else was asked", () => {
    expect(litOf("What is the rule of the house?", "what is the rule")).toEqual(["rule"]);
    expect(litOf("To be or not", "to be")).toEqual(["To", "be"]);
  });

  it("lights what stands together in scripts without spaces", () => {
    expect(litOf("東京の冬は乾いていて、京都の夏は暑い。", "東京の冬")).toEqual(["東京の冬"]);
    expect(litOf("京都と東京と", "東京")).toEqual(["東京"]);
    expect(litOf("𠮷野家の牛丼と𠮷野", "𠮷野")).toEqual(["𠮷野", "𠮷野"]);
  });
});
