import type { OptimizationRun } from "../../contracts/memory.ts";
import type { Database } from "../../ports/database.ts";
import type { RunLog } from "../../ports/run-log.ts";

/** Runs kept: at one in five minutes, a month. */
const MAX_RUNS = 10_000;

interface PayloadRow {
  payload: string;
}

const INSERT = `INSERT INTO "OptimizationRun" ("id", "nodeId", "startedAtMs", "trigger", "actor", "state", "freedBytes", "payload")
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const TRIM = `DELETE FROM "OptimizationRun" WHERE rowid <= (SELECT max(rowid) FROM "OptimizationRun") - ?`;

export function createRunLog(database: Database, nodeId: string, maxRuns = MAX_RUNS): RunLog {
  const read = ({ payload }: PayloadRow): OptimizationRun => JSON.parse(payload);
  return {
    async append(run) {
      const { id, startedAt, trigger, actor, state, freedBytes } = run;
      const params = [id, nodeId, Date.parse(startedAt), trigger, actor, state, freedBytes, JSON.stringify(run)];
      await database.write([
        { sql: INSERT, params },
        { sql: TRIM, params: [maxRuns] },
      ]);
    },
    async find(id) {
      const [row] = await database.all<PayloadRow>(`SELECT "payload" FROM "OptimizationRun" WHERE "id" = ?`, [id]);
      return row ? read(row) : null;
    },
    async list({ limit, before }) {
      // Rows are numbered as they end, so that two runs of one millisecond keep an order. A run that is not
      // kept any more has none before it: those went first.
      const rows = await database.all<PayloadRow>(
        `SELECT "payload" FROM "OptimizationRun"
         WHERE CAST(?1 AS text) IS NULL OR rowid < (SELECT rowid FROM "OptimizationRun" WHERE "id" = ?1) ORDER BY rowid DESC LIMIT ?2`,
        [before ?? null, limit],
      );
      return rows.map(read);
    },
  };
}
