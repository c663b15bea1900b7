import type { Database } from "../../ports/database.ts";
import { MAX_STREAM_JOBS, type StreamJobRow, type StreamJobRows } from "../../ports/stream-job-rows.ts";
import { type Dialect, dialectOf } from "../dialect.ts";

const COLUMNS = `"id", "nodeId", "namespace", "state", "createdAtMs", "payload"`;
const MAY_GO = `"state" NOT IN ('queued', 'running')`;
/** Beyond that the namespace with most of them gives: what is over before what can be gone on with, the oldest first; none that runs. */
const beyondOf = ({ greatest, least }: Dialect) => `SELECT "id" FROM "StreamJob"
  JOIN (SELECT "namespace", COUNT(*) AS "jobs" FROM "StreamJob" GROUP BY "namespace") AS "each" USING ("namespace")
  WHERE ${MAY_GO} AND "id" <> ?
  ORDER BY "jobs" DESC, "state" NOT IN ('completed', 'cancelled'), "createdAtMs", "id"
  LIMIT ${greatest}(0, ${least}(100, (SELECT COUNT(*) FROM "StreamJob") - ?))`;

export function createStreamJobRows(database: Database, maxJobs = MAX_STREAM_JOBS): StreamJobRows {
  const dialect = dialectOf(database);
  const [beyond, these] = [beyondOf(dialect), `"id" IN (${dialect.texts("?")})`];

  /** Of these jobs, those that are gone then: one may have been resumed since it was chosen. */
  async function removed(ids: readonly string[]): Promise<string[]> {
    const params = [JSON.stringify(ids)];
    await database.write([{ sql: `DELETE FROM "StreamJob" WHERE ${these} AND ${MAY_GO}`, params }]);
    const left = await database.all<{ id: string }>(`SELECT "id" FROM "StreamJob" WHERE ${these} LIMIT 100`, params);
    return ids.filter((id) => !left.some((row) => row.id === id));
  }

  return {
    async save({ id, nodeId, namespace, state, createdAtMs, payload }) {
      await database.write([
        {
          sql: `INSERT INTO "StreamJob" (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT ("id") DO UPDATE SET "state" = excluded."state", "payload" = excluded."payload"`,
          params: [id, nodeId, namespace, state, createdAtMs, payload],
        },
      ]);
      const surplus = await database.all<{ id: string }>(beyond, [id, maxJobs]);
      return surplus.length === 0 ? [] : removed(surplus.map((row) => row.id));
    },
    async find(namespace, id) {
      const [row] = await database.all<StreamJobRow>(
        `SELECT ${COLUMNS} FROM "StreamJob" WHERE "namespace" = ? AND "id" = ?`,
        [namespace, id],
      );
      return row ?? null;
    },
    list(namespace, { limit, before, state }) {
      const [createdAtMs, id] = before ? [before.createdAtMs, before.id] : [Number.MAX_SAFE_INTEGER, ""];
      return database.all<StreamJobRow>(
        `SELECT ${COLUMNS} FROM "StreamJob" WHERE "namespace" = ? AND ("createdAtMs" < ? OR ("createdAtMs" = ? AND "id" < ?))
          AND (CAST(? AS text) IS NULL OR "state" = ?) ORDER BY "createdAtMs" DESC, "id" DESC LIMIT ?`,
        [namespace, createdAtMs, createdAtMs, id, state, state, limit],
      );
    },
    inStates(nodeId, states) {
      return database.all<StreamJobRow>(
        `SELECT ${COLUMNS} FROM "StreamJob" WHERE "nodeId" = ? AND "state" IN (${dialect.texts("?")}) LIMIT ?`,
        [nodeId, JSON.stringify(states), maxJobs],
      );
    },
  };
}
