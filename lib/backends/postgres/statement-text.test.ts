import { expect, it } from "vitest";
import { MAX_PREPARED, StatementTexts } from "./statement-text.ts";

it("has the first 400 texts prepared, and no other, however many there are", () => {
  const texts = new StatementTexts();
  const nameOf = (n: number) => texts.query(`SELECT ${n} + CAST(? AS bigint)`, [1]).name;
  const names = Array.from({ length: MAX_PREPARED }, (_, n) => nameOf(n));
  expect(new Set(names).size).toBe(MAX_PREPARED);
  expect([nameOf(MAX_PREPARED), nameOf(MAX_PREPARED + 1), nameOf(MAX_PREPARED)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect([nameOf(0), nameOf(MAX_PREPARED - 1)]).toEqual([names[0], names[MAX_PREPARED - 1]]);
});
