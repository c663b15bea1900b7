import type { LeakReport } from "../../contracts/memory.ts";
import type { Database } from "../../ports/database.ts";
import {
  MAX_VERDICTS,
  type ProcessStanding,
  type ServiceStanding,
  type StandingRows,
  type VerdictRow,
  type VerdictRows,
} from "../../ports/leak-rows.ts";
import { dialectOf } from "../dialect.ts";

const beyond = (greatest: string) => `SELECT "id" FROM "LeakVerdict"
  JOIN (SELECT "namespace", COUNT(*) AS "verdicts" FROM "LeakVerdict" GROUP BY "namespace") AS "each" USING ("namespace")
  ORDER BY "verdicts" DESC, "id" LIMIT ${greatest}(0, (SELECT COUNT(*) FROM "LeakVerdict") - ?)`;

interface Stored extends Omit<VerdictRow, "report"> {
  id: number;
  report: string;
}

export function createVerdictRows(database: Database, nodeId: string, maxVerdicts = MAX_VERDICTS): VerdictRows {
  const BEYOND = beyond(dialectOf(database).greatest);
  return {
    async insert({ namespace, source, atMs, report }) {
      await database.write([
        {
          sql: `INSERT INTO "LeakVerdict" ("nodeId", "namespace", "source", "atMs", "state", "report") VALUES (?, ?, ?, ?, ?, ?)`,
          params: [nodeId, namespace, source, atMs, report.state, JSON.stringify(report)],
        },
        { sql: `DELETE FROM "LeakVerdict" WHERE "id" IN (${BEYOND})`, params: [maxVerdicts] },
      ]);
    },
    async list(namespace, limit, beforeId) {
      const rows = await database.all<Stored>(
        `SELECT "id", "namespace", "source", "atMs", "report" FROM "LeakVerdict"
         WHERE "namespace" = ? AND "id" < ? ORDER BY "id" DESC LIMIT ?`,
        [namespace, beforeId ?? Number.MAX_SAFE_INTEGER, limit],
      );
      return rows.map((row) => ({ ...row, report: JSON.parse(row.report) as LeakReport }));
    },
  };
}

/** More rows than services are ever watched. */
const MAX_STANDINGS = 1_000;

export function createStandingRows(database: Database, nodeId: string): StandingRows {
  return {
    async list() {
      const rows = await database.all<Omit<ServiceStanding, "processes"> & { processes: string }>(
        `SELECT "namespace", "source", "processes" FROM "LeakStanding" WHERE "nodeId" = ? LIMIT ${MAX_STANDINGS}`,
        [nodeId],
      );
      return rows.map((row) => ({ ...row, processes: JSON.parse(row.processes) as ProcessStanding[] }));
    },
    async replace(standings) {
      await database.write([
        { sql: `DELETE FROM "LeakStanding" WHERE "nodeId" = ?`, params: [nodeId] },
        ...standings.slice(0, MAX_STANDINGS).map(({ namespace, source, processes }) => ({
          sql: `INSERT INTO "LeakStanding" ("nodeId", "namespace", "source", "processes") VALUES (?, ?, ?, ?)`,
          params: [nodeId, namespace, source, JSON.stringify(processes)],
        })),
      ]);
    },
  };
}
