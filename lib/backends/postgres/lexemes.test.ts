import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lexemesOf, wordsOf } from "./lexemes.ts";

describe("lexemes of a text", () => {
  it("are its letters and digits that stand together, without case and accents, English ones as stems", () => {
    expect(wordsOf("The WINGS were running: Café-Málaga, x2 東京")).toEqual([
      ...["the", "wing", "were", "run", "cafe", "malaga", "x2", "東京"],
    ]);
    expect(wordsOf(" \0\n'\"\\:&|!()<->*")).toEqual([]);
    // Marks of ours that keep a word from being stemmed.
    expect(wordsOf("wings\uE000")).toEqual(["wings\uE000"]);
  });

  it("have places from 1, as many as Postgres takes, and count all words of the text", () => {
    const { lexemes, length } = lexemesOf("a b a");
    expect(lexemes).toEqual([
      { word: "a", places: [1, 3] },
      { word: "b", places: [2] },
    ]);
    expect(length).toBe(3);
    const often = lexemesOf("a ".repeat(20_000));
    expect([often.lexemes[0]?.places.length, often.length]).toEqual([255, 20_000]);
    expect(lexemesOf(`${"a ".repeat(20_000)}end`).lexemes[1]?.places).toEqual([16_383]);
  });

  it("are bounded in bytes, however many words a text has, and however long one is", () => {
    const many = lexemesOf(Array.from({ length: 200_000 }, (_, at) => `word${at}`).join(" "));
    const bytes = many.lexemes.reduce((sum, { word, places }) => sum + word.length + 2 * places.length, 0);
    expect([bytes < 1_000_000, many.length]).toEqual([true, 200_000]);
    expect(Buffer.byteLength(wordsOf("語".repeat(5_000))[0] ?? "")).toBeLessThan(2_000);
  });

  it("hold nothing that is syntax to Postgres, whatever the text is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 50 }), (text) => {
        expect(wordsOf(text).filter((word) => !/^[\p{L}\p{N}\p{Co}]+$/u.test(word))).toEqual([]);
      }),
    );
  });
});
