import { rmSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import type { StreamJobRow } from "../../ports/stream-job-rows.ts";
import { createStreamJobRows, MAX_STREAM_JOBS } from "./stream-job-rows.ts";
import { openTestDatabase } from "./testing/open-database.ts";

const { database, file } = await openTestDatabase();
afterAll(async () => {
  await database.close();
  rmSync(path.dirname(file), { recursive: true });
});
const rows = createStreamJobRows(database);

const row = (id: string, namespace: string, state: string, createdAtMs: number): StreamJobRow => ({
  id,
  nodeId: "node",
  namespace,
  state,
  createdAtMs,
  payload: "{}",
});

it("lets the namespace with most jobs give, never another's waiting upload, and keeps the bound with many at once", async () => {
  await rows.save(row("theirs", "other", "waiting", 1));
  await rows.save(row("going-on", "greedy", "waiting", 2));
  await rows.save(row("under-way", "greedy", "running", 3));
  const fill = (count: number, from: number) =>
    Promise.all(
      Array.from({ length: count }, (_, at) => rows.save(row(`g${from + at}`, "greedy", "completed", from + at))),
    );
  await fill(MAX_STREAM_JOBS - 3, 10);
  const gone = (await fill(100, 5_000)).flat();
  const [count] = await database.all<{ jobs: number }>(`SELECT COUNT(*) AS "jobs" FROM "StreamJob"`);
  expect(count?.jobs).toBe(MAX_STREAM_JOBS);
  expect(new Set(gone)).toEqual(new Set(Array.from({ length: 100 }, (_, at) => `g${10 + at}`)));
  expect(await rows.find("other", "theirs")).not.toBeNull();
  expect(await rows.find("greedy", "going-on")).not.toBeNull();
  expect(await rows.find("greedy", "under-way")).not.toBeNull();
});
