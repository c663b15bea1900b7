import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach } from "vitest";
import type { Database } from "../../ports/database.ts";
import { describeVectorRows } from "../../ports/vector-rows.contract.ts";
import { workerEntry } from "../worker-entry.ts";
import { DatabaseClient } from "./database-client.ts";
import { SqliteVectorRows } from "./vector-rows.ts";

const dirs: string[] = [];
const open: Database[] = [];

afterEach(async () => {
  for (const database of open.splice(0)) await database.close();
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

async function openDatabase(dir: string): Promise<Database> {
  const { database } = await DatabaseClient.open(workerEntry("database"), {
    file: path.join(dir, "test.db"),
    migrationsDir: path.resolve(import.meta.dirname, "../../../prisma/migrations/sqlite"),
    maxBytes: 1 << 28,
    busyTimeoutMs: 1_000,
  });
  open.push(database);
  return database;
}

function fail(error: unknown): never {
  throw error;
}

describeVectorRows("rows in SQLite", async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "vector-rows-"));
  dirs.push(dir);
  let database = await openDatabase(dir);
  let rows = await SqliteVectorRows.open(database, fail);
  return {
    rows,
    async reopen() {
      await rows.cleared();
      await database.close();
      open.splice(open.indexOf(database), 1);
      database = await openDatabase(dir);
      rows = await SqliteVectorRows.open(database, fail);
      return rows;
    },
  };
});
