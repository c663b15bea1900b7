import { afterAll, beforeAll, expect, it } from "vitest";
import { describePostgres } from "../../backends/postgres/testing/new-storage.ts";
import { PostgresServer } from "../../backends/postgres/testing/postgres-server.ts";
import { systemClock } from "../../shared/clock.ts";
import { parseEnv } from "../env.ts";
import { createLog } from "../observe/log.ts";
import { Core } from "./core.ts";

describePostgres("the node of a Postgres database", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server.stop());

  it("is the same from wherever it is started", async () => {
    const ids: string[] = [];
    for (const PORT of ["3001", "3002"]) {
      const env = parseEnv({ PORT, HEADROOM_DATABASE_URL: server.url, HEADROOM_OPERATOR_KEY: "0123456789abcdef0123" });
      const core = await Core.open(env, systemClock, createLog("silent"));
      ids.push(core.nodeId);
      await core.close();
    }
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(ids[1]).toBe(ids[0]);
  });
});
