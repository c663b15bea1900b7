import { expect, it } from "vitest";
import type { Database } from "../../ports/database.ts";
import { PASSAGES } from "../text-index.ts";
import { PostgresTextIndex } from "./text-index.ts";

const TEXTS = Array.from({ length: 1_000 }, (_, at) => ({ id: at, words: `apples and pears, ${at}` }));
/** It asks the database for nothing here. */
const database: Database = {
  dialect: "postgres",
  all: async () => [],
  write: async () => [],
  sizeBytes: async () => 0,
  close: async () => undefined,
};

it("makes the words of a large document in many turns of the event loop, and all of them", async () => {
  let turns = 0;
  let next: NodeJS.Immediate;
  const turn = () => {
    turns++;
    next = setImmediate(turn);
  };
  next = setImmediate(turn);
  const statements = await new PostgresTextIndex(database, PASSAGES).addStored(1, 1, () => TEXTS);
  clearImmediate(next);
  expect(turns).toBeGreaterThan(20);
  const rows = statements.flatMap(({ params }) => JSON.parse(String(params?.[0])) as [number, number, string][]);
  expect(rows.map(([id]) => id)).toEqual(TEXTS.map(({ id }) => id));
  expect(rows[7]).toEqual([7, 4, "'1:appl':1 '1:and':2 '1:pear':3 '1:7':4"]);
});
