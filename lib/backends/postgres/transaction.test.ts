import { expect, it } from "vitest";
import type { PgClient, PgQuery } from "./pg-client.ts";
import { runTransaction } from "./transaction.ts";

const LIMIT_MS = 30_000;
const statement = (): PgQuery => ({ text: "SELECT 1", values: [] });

/** How long each query of a transaction may take from when it is sent; null: as the pool says. */
async function timesOf(statements: number): Promise<(number | null)[]> {
  const times: (number | null)[] = [];
  const client: PgClient = {
    async query({ query_timeout }) {
      times.push(query_timeout ?? null);
      return { rows: [], rowCount: 1, command: "SELECT" };
    },
    on: () => undefined,
    release: () => undefined,
  };
  expect(await runTransaction(client, Array.from({ length: statements }, statement), LIMIT_MS)).toHaveLength(
    statements,
  );
  return times;
}

it("gives each statement of a transaction its time, since the last is sent with the first; and all together ten times", async () => {
  expect(await timesOf(1)).toEqual([null]);
  expect(await timesOf(3)).toEqual(Array(5).fill(5 * LIMIT_MS + 1_000));
  expect(await timesOf(1_000)).toEqual(Array(1_002).fill(10 * LIMIT_MS + 1_000));
});
