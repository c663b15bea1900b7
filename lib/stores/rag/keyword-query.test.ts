import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keywordExpression } from "./keyword-query.ts";
import { LANGUAGES } from "./languages.ts";
import { WordsIndex } from "./testing/words-index.ts";

async function indexOf(texts: readonly string[], tag: string | null = null): Promise<WordsIndex> {
  const index = new WordsIndex();
  for (const text of texts) await index.add(text, tag);
  return index;
}

describe("keywordExpression", () => {
  it("is never syntax that FTS5 refuses, whatever is asked and in whatever languages the texts are", async () => {
    const index = await indexOf(["nothing"], "en");
    for (const tag of [...LANGUAGES, "xx"]) await index.add("nichts, rien; ничего", tag);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: "binary", maxLength: 200 }),
          fc.string({ unit: "grapheme", maxLength: 200 }),
          fc.constantFrom(`" OR 1`, "a* NEAR(b c, 2) -d ^e {x y}: z", "AND OR NOT", "text:x"),
        ),
        async (question) => {
          await index.find(question);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("finds words by their stem, without accents, and in scripts without spaces by pairs", async () => {
    const index = await indexOf(["running wings", "café au lait", "我喜欢猫和狗", "猫头鹰"], "en");
    expect(await index.find("the run of a wing")).toEqual([0]);
    expect(await index.find("CAFE")).toEqual([1]);
    expect(await index.find("喜欢什么")).toEqual([2]);
  });

  it("asks for at most 64 words, and for common ones only when there are no others", async () => {
    const words = Array.from({ length: 500 }, (_, at) => `word${at}`).join(" ");
    expect((await keywordExpression(words, ["en"]))?.split(" OR ")).toHaveLength(64);
    expect(await keywordExpression("what is the boundary layer", ["en"])).toBe('"boundary" OR "layer"');
    expect(await keywordExpression("to be", ["en"])).toBe('"to" OR "be"');
    expect(await keywordExpression("?!…", ["en"])).toBeNull();
  });

  it("asks for at most 512 terms in however many languages, the question's first words in each of them", async () => {
    const words = Array.from({ length: 100 }, (_, at) => `${"abcdefghij"[at % 10]}${at}ungen`).join(" ");
    const terms = (await keywordExpression(words, [...LANGUAGES, "und"]))?.split(" OR ") ?? [];
    expect(terms.length).toBeLessThanOrEqual(512);
    const german = (await keywordExpression("a0ungen", ["de"]))?.split(" OR ") ?? [];
    expect(german.length).toBeGreaterThan(0);
    expect(german.every((term) => terms.includes(term))).toBe(true);
  });
});
