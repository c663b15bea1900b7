import path from "node:path";
import Libsql from "libsql";
import { COLUMNS, columnsOf } from "../../lib/backends/sqlite/sample-figures.ts";
import type { MemorySample } from "../../lib/contracts/memory.ts";

export interface Past {
  bootId: string;
  atMs: number;
  usedBytes: number;
}

/** Gives a database whose server has stopped another history: samples like its own newest one, of these times and sizes, oldest first. */
export function rewriteHistory(dir: string, past: readonly Past[]): void {
  const database = new Libsql(path.join(dir, "headroom.db"));
  const newest = database.prepare(`SELECT "payload" FROM "Sample" ORDER BY "sequence" DESC LIMIT 1`).get();
  const like: MemorySample = JSON.parse((newest as { payload: string }).payload);
  const names = COLUMNS.map((name) => `"${name}"`).join(", ");
  const insert = database.prepare(
    `INSERT INTO "Sample" ("sequence", "nodeId", "bootId", "sampledAtMs", ${names}, "payload")
     VALUES (?, ?, ?, ?, ${COLUMNS.map(() => "?").join(", ")}, ?)`,
  );
  const begin = database.prepare(`INSERT OR IGNORE INTO "Boot" ("bootId", "nodeId", "startedAtMs") VALUES (?, ?, ?)`);
  database.exec("BEGIN");
  database.exec(`DELETE FROM "Sample"; DELETE FROM "Boot"`);
  for (const [at, { bootId, atMs, usedBytes }] of past.entries()) {
    const sampledAt = new Date(atMs).toISOString();
    const sample = { ...like, sequence: at + 1, bootId, sampledAt, usedBytes };
    insert.run(sample.sequence, like.nodeId, bootId, atMs, ...columnsOf(sample), JSON.stringify(sample));
    begin.run(bootId, like.nodeId, atMs);
  }
  database.exec("COMMIT");
  database.close();
}
