import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { workerEntry } from "../../worker-entry.ts";
import { DatabaseClient } from "../database-client.ts";
import type { DatabaseOptions } from "../messages.ts";

/** A migrated database on a thread of its own, in a new folder unless `file` names one: what driver tests run against. */
export async function openTestDatabase(
  options: Partial<DatabaseOptions> = {},
): Promise<{ database: DatabaseClient; file: string }> {
  const file = options.file ?? path.join(mkdtempSync(path.join(tmpdir(), "headroom-db-")), "headroom.db");
  const { database } = await DatabaseClient.open(workerEntry("database"), {
    migrationsDir: path.resolve(import.meta.dirname, "../../../../prisma/migrations/sqlite"),
    maxBytes: 2 ** 30,
    busyTimeoutMs: 1_000,
    ...options,
    file,
  });
  return { database, file };
}
