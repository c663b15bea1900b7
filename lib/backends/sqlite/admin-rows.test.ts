import { describe, expect, it } from "vitest";
import type { KeyRow } from "../../ports/admin-rows.ts";
import { describeAuditRows } from "../../ports/audit-rows.contract.ts";
import { describeKeyRows } from "../../ports/key-rows.contract.ts";
import { describeMetaRows } from "../../ports/meta-rows.contract.ts";
import { describeSettingRows } from "../../ports/setting-rows.contract.ts";
import { createAuditRows, createKeyRows, createMetaRows, createSettingRows } from "./admin-rows.ts";
import { newStorage } from "./testing/new-storage.ts";

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
const storage = newStorage();

describeKeyRows("key rows in SQLite", () => storage(createKeyRows));
describeSettingRows("setting rows in SQLite", (maxRevisions) =>
  storage((database) => createSettingRows(database, maxRevisions)),
);
describeAuditRows("audit rows in SQLite", (maxEntries) =>
  storage((database) => createAuditRows(database, "node", maxEntries)),
);
describeMetaRows("meta rows in SQLite", () => storage(createMetaRows));

describe("createKeyRows", () => {
  it("keeps the rows of the newest 1,000 revoked keys", async () => {
    const { rows: database } = await storage((opened) => opened);
    const rows = createKeyRows(database);
    await Promise.all(Array.from({ length: 1_010 }, (_, index) => rows.insert(keyOf(`key-${index}`), [])));
    await Promise.all(Array.from({ length: 1_005 }, (_, index) => rows.revoke(`key-${index}`, index)));
    const [row] = await database.all<{ kept: number }>(`SELECT count(*) AS kept FROM "ApiKey"`);
    expect(row?.kept).toBe(1_005);
    expect(await rows.live()).toHaveLength(5);
  });
});
