import { expect, test } from "@playwright/test";
import { PostgresDatabase } from "../../lib/backends/postgres/postgres-database.ts";
import { hasPostgres, PostgresServer } from "../../lib/backends/postgres/testing/postgres-server.ts";
import { runToEnd } from "../support/run-to-end.ts";
import { TestServer } from "../support/server.ts";

test.describe("a node on Postgres", () => {
  test.skip(!hasPostgres, "there is no Postgres here: install the package postgresql");

  let postgres: PostgresServer;
  test.beforeEach(async () => {
    postgres = await PostgresServer.start();
  });
  test.afterEach(() => postgres.stop());
  const start = (dir?: string) =>
    TestServer.start({ env: { HEADROOM_DATABASE_URL: postgres.url }, ...(dir === undefined ? {} : { dir }) });

  test("keeps what it acknowledged through kill -9, and says at the start what this mode does not do", async () => {
    const server = await start();
    expect(server.output).toContain("Nodes that share it do not yet tell one another");
    const session = await server.send("POST", "/api/v1/sessions", { data: { at: "é" } });
    const { id } = (await session.json()) as { id: string };
    const document = { text: "Boundary layers are thin.", source: "s" };
    expect((await server.send("PUT", "/api/v1/rag/documents/d", document)).status).toBe(201);
    await expect
      .poll(
        async () => (await (await server.get("/metrics")).text()).match(/^headroom_session_queue_bytes (\d+)/m)?.[1],
      )
      .toBe("0");
    await server.stop("SIGKILL");
    const again = await start(server.dir);
    expect(await (await again.get(`/api/v1/sessions/${id}`)).json()).toMatchObject({ data: { at: "é" } });
    expect((await again.get("/api/v1/rag/documents/d")).status).toBe(200);
    const metrics = await (await again.get("/metrics")).text();
    expect(metrics).toMatch(/^headroom_postgres_connections_max 7$/m);
    await again.remove();
  });

  test("says so while the server is away, refuses with 503 and Retry-After, and goes on when it is back", async () => {
    const server = await start();
    const document = { text: "Wings fly.", source: "s" };
    expect((await server.send("PUT", "/api/v1/rag/documents/kept", document)).status).toBe(201);
    for (const bad of ["halt", "pause"] as const) {
      await postgres[bad]();
      await expect.poll(async () => (await server.get("/readyz")).status).toBe(503);
      for (const answer of [
        await server.get("/api/v1/rag/documents/kept"),
        await server.send("PUT", "/api/v1/rag/documents/refused", document),
      ]) {
        expect([answer.status, Number(answer.headers.get("retry-after")) > 0]).toEqual([503, true]);
        expect(await answer.json()).toMatchObject({ code: "storage-unavailable" });
      }
      if (bad === "halt") await postgres.restart();
      else postgres.resume();
      await expect.poll(async () => (await server.get("/readyz")).status).toBe(200);
      expect((await server.get("/api/v1/rag/documents/kept")).status).toBe(200);
      expect((await server.send("PUT", `/api/v1/rag/documents/${bad}`, document)).status).toBe(201);
    }
    expect((await server.get("/api/v1/rag/documents/refused")).status).toBe(404);
    await server.remove();
  });

  test("does not start on a server of a newer version, or on none, and says why in a sentence", async () => {
    const server = await start();
    await server.remove();
    const database = new PostgresDatabase({
      url: postgres.url,
      maxConnections: 2,
      connectTimeoutMs: 10_000,
      statementTimeoutMs: 10_000,
    });
    const columns = `"id", "checksum", "finished_at", "migration_name"`;
    const sql = `INSERT INTO "_prisma_migrations" (${columns}) VALUES ('future', 'x', now(), '29990101000000_future')`;
    await database.write([{ sql }]);
    await database.close();
    const env = { PORT: "0", HEADROOM_DATABASE_URL: postgres.url };
    const newer = await runToEnd(env);
    expect(newer.code).toBe(1);
    expect(newer.stderr).toMatch(/^Headroom cannot start: .*29990101000000_future.*start a newer version\n$/);
    await postgres.halt();
    const away = await runToEnd(env);
    expect([away.code, away.stderr]).toEqual([1, expect.stringContaining("cannot be reached")]);
    await postgres.restart();
  });
});

test("a node on a file loads nothing of Postgres", async () => {
  // Node then tells each module that it looks for.
  const server = await TestServer.start({ env: { NODE_DEBUG: "module" } });
  expect(server.output).toMatch(/MODULE/);
  expect(server.output).not.toMatch(/packages\/fleet/);
  await server.remove();
});
