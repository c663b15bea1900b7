import fc from "fast-check";
import Libsql from "libsql";
import { describe, expect, it } from "vitest";
import { keywordExpression, keywordText } from "./keyword-query.ts";

function index(...texts: string[]) {
  const database = new Libsql(":memory:");
  database.exec(
    `CREATE VIRTUAL TABLE t USING fts5("text", content='', contentless_delete=1, tokenize='porter unicode61 remove_diacritics 2')`,
  );
  texts.forEach((text, at) => {
    database.prepare("INSERT INTO t (rowid, text) VALUES (?, ?)").run([at, keywordText(text)]);
  });
  return (question: string): number[] => {
    const expression = keywordExpression(question);
    if (expression === null) return [];
    const rows = database.prepare("SELECT rowid AS id FROM t WHERE t MATCH ? ORDER BY rank").all([expression]) as {
      id: number;
    }[];
    return rows.map(({ id }) => id);
  };
}

describe("keywordExpression", () => {
  it("is never syntax that FTS5 refuses, whatever is asked", () => {
    const find = index("nothing");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary", maxLength: 200 }),
          fc.constantFrom(`" OR 1`, "a* NEAR(b c, 2) -d ^e {x y}: z", "AND OR NOT", "text:x"),
        ),
        (question) => {
          expect(() => find(question)).not.toThrow();
        },
      ),
      { numRuns: 500 },
    );
  });

  it("finds words by their stem, without accents, and in scripts without spaces by pairs", () => {
    const find = index("running wings", "café au lait", "我喜欢猫和狗", "猫头鹰");
    expect(find("the run of a wing")).toEqual([0]);
    expect(find("CAFE")).toEqual([1]);
    expect(find("喜欢什么")).toEqual([2]);
  });

  it("asks for at most 64 words, and for common ones only when there are no others", () => {
    const words = Array.from({ length: 500 }, (_, at) => `word${at}`).join(" ");
    expect(keywordExpression(words)?.split(" OR ")).toHaveLength(64);
    expect(keywordExpression("what is the boundary layer")).toBe('"boundary" OR "layer"');
    expect(keywordExpression("to be")).toBe('"to" OR "be"');
    expect(keywordExpression("?!…")).toBeNull();
  });
});
