import { expect, it } from "vitest";
import type { Database } from "../../ports/database.ts";
import { describeStreamJobRows } from "../../ports/stream-job-rows.contract.ts";
import { createStreamJobRows } from "./stream-job-rows.ts";
import { newStorage } from "./testing/new-storage.ts";

const storage = newStorage();

describeStreamJobRows("stream jobs in SQLite", (maxJobs) =>
  storage((database) => createStreamJobRows(database, maxJobs)),
);

it("a stream job that is resumed while it is chosen to make room stays, and nobody is told that it went", async () => {
  const { rows: database } = await storage((opened) => opened);
  const rows = createStreamJobRows(database, 2);
  const job = (id: string, state: string, createdAtMs: number) =>
    ({ id, nodeId: "node", namespace: "n", state, createdAtMs, payload: "{}" }) as const;
  const late: Pick<Database, "all" | "write"> = {
    all: database.all.bind(database),
    async write(statements) {
      if (statements[0]?.sql.startsWith("DELETE")) await rows.save(job("resumed", "running", 1));
      return database.write(statements);
    },
  };
  await rows.save(job("resumed", "interrupted", 1));
  await rows.save(job("over", "failed", 2));
  expect(await createStreamJobRows({ ...database, ...late } as Database, 2).save(job("new", "waiting", 3))).toEqual([]);
  expect((await rows.find("n", "resumed"))?.state).toBe("running");
});
