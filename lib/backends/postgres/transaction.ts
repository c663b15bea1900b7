import type { Changes } from "../../ports/database.ts";
import { ANSWER_MARGIN_MS } from "./connections.ts";
import type { PgClient, PgQuery, PgResult } from "./pg-client.ts";
import { isAfterFailure } from "./sql-errors.ts";

/** Times the server's limit for one statement: so long we wait for the answers to all of a transaction, at most. */
const MOST_LIMITS = 10;

/** The statements as one transaction, in one round trip. @returns rows changed, per statement. @throws what failed first. */
export async function runTransaction(
  client: PgClient,
  statements: readonly PgQuery[],
  statementTimeoutMs: number,
): Promise<Changes[]> {
  // One statement is a transaction of its own.
  if (statements.length === 1) return (await settle(client, statements)).map(changesOf);
  // A COMMIT after a failure is a ROLLBACK, so the connection is free again either way.
  const all = [{ text: "BEGIN" }, ...statements, { text: "COMMIT" }];
  // All are sent at once, so the last waits for the others: the limit for one answer would bound their sum.
  const answersMs = Math.min(all.length, MOST_LIMITS) * statementTimeoutMs + ANSWER_MARGIN_MS;
  for (const query of all) query.query_timeout = answersMs;
  const results = await settle(client, all);
  return results.slice(1, -1).map(changesOf);
}

async function settle(client: PgClient, queries: readonly PgQuery[]): Promise<PgResult[]> {
  const answers = await Promise.allSettled(queries.map((query) => client.query(query)));
  const failures = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
  const first = failures.find((error) => !isAfterFailure(error)) ?? failures[0];
  if (first !== undefined) throw first;
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
}

const changesOf = ({ rowCount }: PgResult): Changes => rowCount ?? 0;
