import { rmSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { describeQuotaRows } from "../testing/quota-rows.suite.ts";
import { SqliteQuotaRows } from "./quota-rows.ts";
import { openTestDatabase } from "./testing/open-database.ts";

async function fresh() {
  const { database, file } = await openTestDatabase();
  const close = async () => {
    await database.close();
    rmSync(path.dirname(file), { recursive: true, force: true });
  };
  return { database, close };
}

describeQuotaRows("quotas in SQLite", fresh);

it("a quota costs nothing where no namespace has one: there are no triggers then", async () => {
  const { database, close } = await fresh();
  const quotas = await SqliteQuotaRows.open(database);
  const triggers = () =>
    database.all(`SELECT "name" FROM sqlite_master WHERE "type" = 'trigger' AND "name" LIKE '%quota%' LIMIT 100`);
  expect(await triggers()).toEqual([]);
  await quotas.set("a", { bytes: null, items: 1_000 }, 1);
  expect((await triggers()).length).toBeGreaterThan(0);
  await quotas.lift("a");
  expect(await triggers()).toEqual([]);
  await close();
});
