import type { MemorySample, Restart } from "../../contracts/memory.ts";
import type { Database, Statement } from "../../ports/database.ts";
import type { HistoryRange } from "../../ports/sample-log.ts";

/** Starts kept, and shown of one range: the newest. */
export const MAX_BOOTS = 10_000;
const MAX_SHOWN = 500;

/** Asked first: in Postgres a row that is there already would cost a number each time, and those are what is counted. */
const INSERT = `INSERT INTO "Boot" ("bootId", "nodeId", "startedAtMs") SELECT CAST(?1 AS text), CAST(?2 AS text), CAST(?3 AS bigint)
  WHERE NOT EXISTS (SELECT 1 FROM "Boot" WHERE "bootId" = ?1) ON CONFLICT DO NOTHING`;
const TRIM = `DELETE FROM "Boot" WHERE rowid <= (SELECT max(rowid) FROM "Boot") - ${MAX_BOOTS}`;

/** Keeps when each process began, by its first sample: rolled-up steps do not say which one they are of. */
export function bootStatements(samples: readonly MemorySample[]): Statement[] {
  const firsts = new Map<string, MemorySample>();
  for (const sample of samples) if (!firsts.has(sample.bootId)) firsts.set(sample.bootId, sample);
  const inserts = [...firsts.values()].map(({ bootId, nodeId, sampledAt }) => ({
    sql: INSERT,
    params: [bootId, nodeId, Date.parse(sampledAt)],
  }));
  return [...inserts, { sql: TRIM }];
}

/** Restarts within a range, oldest first; the first start of all was none. */
export async function restartsWithin(
  database: Database,
  nodeId: string,
  { fromMs, toMs }: HistoryRange,
): Promise<Restart[]> {
  const rows = await database.all<{ bootId: string; startedAtMs: number }>(
    `SELECT "bootId", "startedAtMs" FROM "Boot" WHERE "nodeId" = ?1 AND "startedAtMs" BETWEEN ?2 AND ?3
       AND "startedAtMs" > (SELECT min("startedAtMs") FROM "Boot" WHERE "nodeId" = ?1) ORDER BY "startedAtMs" DESC LIMIT ${MAX_SHOWN}`,
    [nodeId, fromMs, toMs],
  );
  return rows.reverse().map(({ bootId, startedAtMs }) => ({ bootId, at: new Date(startedAtMs).toISOString() }));
}
