import { rmSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KeyRow } from "../../ports/admin-rows.ts";
import { describeKeyRows } from "../../ports/key-rows.contract.ts";
import { createAuditRows, createKeyRows } from "./admin-rows.ts";
import type { DatabaseClient } from "./database-client.ts";
import { openTestDatabase } from "./testing/open-database.ts";

const keyOf = (id: string, more: Partial<KeyRow> = {}): KeyRow => ({
  id,
  ratePerMinute: null,
  namespace: "default",
  name: id,
  role: "viewer",
  hash: "00",
  createdAtMs: 1,
  expiresAtMs: null,
  ...more,
});
let database: DatabaseClient;
let folder: string;
beforeEach(async () => {
  const opened = await openTestDatabase();
  database = opened.database;
  folder = path.dirname(opened.file);
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("createAuditRows", () => {
  it("R3: holds its bound after each of 300 entries, and keeps what is rare while one actor makes noise of every kind", async () => {
    const rows = createAuditRows(database, "node", 50);
    const add = (actor: string, action: string, namespace = "default") =>
      rows.insert({ atMs: 1, actor, namespace, action, target: "", outcome: "done", requestId: null, detail: "" });
    await add("ada", "keys.create");
    await add("ada", "settings.patch");
    for (let count = 0; count < 300; count++) {
      await add("noisy", ["auth.sign-in", "memory.optimize", "refused"][count % 3] ?? "");
      const kept = await rows.list(1_000, null);
      expect(kept.length).toBe(Math.min(50, count + 3));
      expect(kept.filter(({ actor }) => actor === "ada")).toHaveLength(2);
    }
    // A name alone is no identity: the same one elsewhere has entries of its own.
    await add("noisy", "refused", "elsewhere");
    for (let count = 0; count < 60; count++) await add("noisy", "refused");
    expect((await rows.list(1_000, null)).filter(({ namespace }) => namespace === "elsewhere")).toHaveLength(1);
  });
});

describeKeyRows("key rows in SQLite", async () => ({
  rows: createKeyRows(database),
  reopen: async () => createKeyRows(database),
}));

describe("createKeyRows", () => {
  it("keeps the rows of the newest 1,000 revoked keys", async () => {
    const rows = createKeyRows(database);
    await Promise.all(Array.from({ length: 1_010 }, (_, index) => rows.insert(keyOf(`key-${index}`), [])));
    await Promise.all(Array.from({ length: 1_005 }, (_, index) => rows.revoke(`key-${index}`, index)));
    const [row] = await database.all<{ kept: number }>(`SELECT count(*) AS kept FROM "ApiKey"`);
    expect(row?.kept).toBe(1_005);
    expect(await rows.live()).toHaveLength(5);
  });
});
