import { rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { SqliteAnswerRows } from "./answer-rows.ts";
import type { DatabaseClient } from "./database-client.ts";
import { openTestDatabase } from "./testing/open-database.ts";

let database: DatabaseClient;
let file: string;
beforeAll(async () => {
  ({ database, file } = await openTestDatabase());
});
beforeEach(async () => {
  await database.write([{ sql: 'DELETE FROM "KeptAnswer"' }]);
});
afterAll(async () => {
  await database.close();
  rmSync(path.dirname(file), { recursive: true, force: true });
});

const answer = (bytes = 10) => ({
  fingerprint: "f",
  status: 201,
  headers: { Location: "/x" },
  body: new Uint8Array(bytes).fill(7),
});
const ids = async (namespace: string) => {
  const rows = await database.all<{ id: string }>(
    `SELECT "id" FROM "KeptAnswer" WHERE "namespace" = ? ORDER BY "keptAtMs" LIMIT 10000`,
    [namespace],
  );
  return rows.map(({ id }) => id);
};

describe("kept answers", () => {
  it("come back as they were kept, with a body or none, and are gone once their time is over", async () => {
    const rows = await SqliteAnswerRows.open(database);
    await rows.keep("a", "default", 1_000, answer());
    await rows.keep("b", "default", 2_000, { ...answer(), body: null });
    const found = await rows.find("a", 999);
    expect({ ...found, body: [...(found?.body ?? [])] }).toEqual({ ...answer(), body: Array(10).fill(7) });
    expect(await rows.find("b", 0)).toMatchObject({ status: 201, body: null });
    expect([await rows.find("a", 1_000), await rows.find("c", 0)]).toEqual([null, null]);
    await rows.forget(1_000);
    expect(await ids("default")).toEqual(["b"]);
  });

  it("are bounded in number for each namespace: the oldest go, and another namespace loses none", async () => {
    const rows = await SqliteAnswerRows.open(database, { answers: 20, bytes: 1e9 });
    await rows.keep("other", "quiet", 1, answer());
    for (let n = 0; n < 400; n++) {
      await rows.keep(`n${n}`, "busy", 10 + n, answer());
      // What may come between two counts comes on top.
      expect((await ids("busy")).length).toBeLessThanOrEqual(120);
    }
    expect((await ids("busy")).at(-1)).toBe("n399");
    expect(await ids("busy")).not.toContain("n0");
    expect(await ids("quiet")).toEqual(["other"]);
  });

  it("are bounded in bytes for each namespace: the oldest go", async () => {
    const bound = 2_000_000;
    const rows = await SqliteAnswerRows.open(database, { answers: 1e6, bytes: bound });
    for (let n = 0; n < 100; n++) await rows.keep(`n${n}`, "busy", n, answer(64_000));
    const kept = await ids("busy");
    expect(kept.length * 64_000).toBeLessThanOrEqual(bound + 1_048_576 + 65_000);
    expect([kept.at(-1), kept.includes("n0")]).toEqual(["n99", false]);
  });

  it("are bounded for a namespace that grows beside a busier one, whoever passes the count", async () => {
    const rows = await SqliteAnswerRows.open(database, { answers: 20, bytes: 1e9 });
    for (let n = 0; n < 600; n++) await rows.keep(`n${n}`, n % 3 === 0 ? "slow" : "busy", n, answer());
    expect((await ids("slow")).length).toBeLessThanOrEqual(20 + 34);
  });

  it("are trimmed once by all that pass the bound together", async () => {
    const rows = await SqliteAnswerRows.open(database, { answers: 20, bytes: 1e9 });
    for (let n = 0; n < 120; n++) await rows.keep(`old${n}`, "busy", n, answer());
    const write = vi.spyOn(database, "write");
    await Promise.all(Array.from({ length: 150 }, (_, n) => rows.keep(`new${n}`, "busy", 1_000 + n, answer())));
    const trims = write.mock.calls.filter(([statements]) => statements[0]?.sql.startsWith("DELETE"));
    write.mockRestore();
    expect(trims.length).toBeLessThanOrEqual(2);
  });

  it("that an earlier process left count against the bound", async () => {
    const before = await SqliteAnswerRows.open(database, { answers: 1e6, bytes: 1e9 });
    for (let n = 0; n < 150; n++) await before.keep(`old${n}`, "busy", n, answer());
    const after = await SqliteAnswerRows.open(database, { answers: 20, bytes: 1e9 });
    for (let n = 0; n < 100; n++) await after.keep(`new${n}`, "busy", 1_000 + n, answer());
    const kept = await ids("busy");
    expect([kept.length, kept.some((id) => id.startsWith("old"))]).toEqual([20, false]);
  });
});
