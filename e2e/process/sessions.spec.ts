import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import Libsql from "libsql";
import { TestServer } from "../support/server.ts";

const PATH = "/api/v1/sessions";

interface Session {
  id: string;
  version: number;
  data: { n: number };
}

let dir: string;
test.beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "headroom-sessions-"));
});
test.afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const start = (env: Record<string, string> = {}) =>
  TestServer.start({ dir, env: { HEADROOM_LOG_LEVEL: "warn", ...env } });

async function make(server: TestServer, data: unknown, more: object = {}): Promise<string> {
  const response = await server.send("POST", PATH, { data, ...more });
  expect(response.status).toBe(201);
  return ((await response.json()) as Session).id;
}

async function read(server: TestServer, id: string): Promise<Session | number> {
  const response = await server.get(`${PATH}/${id}`);
  return response.status === 200 ? ((await response.json()) as Session) : response.status;
}

test("at most 10 of 60 sessions are in memory, and every one of them answers with its data", async () => {
  const server = await start({ HEADROOM_MAX_SESSIONS: "10" });
  const ids: string[] = [];
  for (let n = 0; n < 60; n++) ids.push(await make(server, { n }));
  for (const [n, id] of ids.entries()) expect(await read(server, id)).toMatchObject({ data: { n }, version: 1 });
  const { stores } = (await (await server.get("/monitoring/memory")).json()) as {
    stores: { store: string; items: number; spilledItems: number }[];
  };
  expect(stores.find((store) => store.store === "sessions")).toMatchObject({ items: 10, spilledItems: 50 });
  await server.stop();
});

test("a pushed-out session lives in the database: without its row it is 404", async () => {
  const server = await start({ HEADROOM_MAX_SESSIONS: "1" });
  const id = await make(server, { n: 1 });
  await make(server, { n: 2 });
  // A list waits for the commit of all that was acknowledged.
  expect((await server.get(PATH)).status).toBe(200);
  const database = new Libsql(path.join(dir, "headroom.db"));
  database.exec("PRAGMA busy_timeout = 5000");
  expect(database.prepare('DELETE FROM "Session" WHERE "id" = ?').run([id]).changes).toBe(1);
  database.close();
  expect(await read(server, id)).toBe(404);
  await server.stop();
});

test("a clean restart keeps every session, and the time while it was down counts", async () => {
  let server = await start();
  const ids: string[] = [];
  for (let n = 0; n < 40; n++) ids.push(await make(server, { n }));
  const short = await make(server, { n: -1 }, { idleTimeoutSeconds: 1 });
  const endsAtMs = Date.now() + 1_100;
  expect(await server.stop()).toBe(0);
  await expect.poll(() => Date.now()).toBeGreaterThan(endsAtMs);
  server = await start();
  for (const [n, id] of ids.entries()) expect(await read(server, id)).toMatchObject({ data: { n } });
  expect(await read(server, short)).toBe(404);
  await server.stop();
});

for (const durability of ["everysec", "always"] as const) {
  const graceMs = durability === "always" ? 0 : 1_000;
  test(`T67: kill -9 under write load loses nothing acknowledged ${graceMs} ms before (${durability})`, async () => {
    const safe = new Map<string, number>();
    const rounds = process.env.HEADROOM_TEST_LONG ? 20 : Number(process.env.SESSION_KILL_ROUNDS ?? 3);
    test.setTimeout(900_000 + rounds * 30_000);
    for (let round = 0; round < rounds; round++) {
      const server = await start({ HEADROOM_SESSION_DURABILITY: durability, HEADROOM_MAX_SESSIONS: "50" });
      const acknowledged: { id: string; version: number; atMs: number }[] = [];
      let killedAtMs = Number.POSITIVE_INFINITY;
      // By count, then the grace and a little more: a slow machine takes longer and tests the same.
      let untilMs = Number.POSITIVE_INFINITY;
      const acknowledge = (id: string, version: number) => {
        acknowledged.push({ id, version, atMs: performance.now() });
        if (acknowledged.length === 100) untilMs = performance.now() + graceMs + 200 + round * 37;
      };
      const writer = async () => {
        while (performance.now() < untilMs) {
          const created = await server.send("POST", PATH, { data: { n: 0 } });
          const { id } = (await created.json()) as Session;
          acknowledge(id, 1);
          for (let n = 1; n < 4; n++) {
            const put = await server.send("PUT", `${PATH}/${id}`, { data: { n } });
            if (put.status === 200) acknowledge(id, n + 1);
          }
        }
        killedAtMs = Math.min(killedAtMs, performance.now());
        await server.stop("SIGKILL");
      };
      // The writers that are cut off in the middle of a call fail, as they should.
      await Promise.allSettled(Array.from({ length: 8 }, writer));
      for (const { id, version, atMs } of acknowledged) if (atMs < killedAtMs - graceMs) safe.set(id, version);
    }
    const server = await start();
    for (const [id, version] of safe) {
      const found = await read(server, id);
      expect(typeof found === "number" ? found : found.version, id).toBeGreaterThanOrEqual(version);
      if (typeof found !== "number") expect(found.data.n).toBe(found.version - 1);
    }
    // 100 acknowledgements before the grace, at most four of them for one session.
    expect(safe.size).toBeGreaterThanOrEqual(25 * rounds);
    await server.stop();
  });
}

test("sessions under callers' ids, and their ends, outlive kill -9, in memory or pushed out, and stand in no log", async () => {
  const first = await start({
    HEADROOM_MAX_SESSIONS: "2",
    HEADROOM_SESSION_DURABILITY: "always",
    HEADROOM_LOG_LEVEL: "debug",
  });
  const ids = Array.from({ length: 6 }, (_, n) => `caller-chose-this-secret-${n}`);
  const put = (server: TestServer, id: string, n: number, headers = { "if-none-match": "*" }) =>
    server.send("PUT", `${PATH}/${id}`, { data: { n } }, headers);
  for (const [n, id] of ids.entries()) expect((await put(first, id, n)).status).toBe(201);
  expect((await first.send("DELETE", `${PATH}/${ids[0]}`)).status).toBe(204);
  expect((await put(first, ids[1] ?? "", 9)).status).toBe(412);
  expect(first.output).not.toContain("caller-chose-this-secret");
  await first.stop("SIGKILL");
  const second = await start();
  for (let n = 1; n < ids.length; n++)
    expect(await read(second, ids[n] ?? "")).toMatchObject({ id: ids[n], data: { n } });
  expect(await read(second, ids[0] ?? "")).toBe(404);
  expect([(await put(second, ids[0] ?? "", 1)).status, (await put(second, ids[1] ?? "", 1)).status]).toEqual([
    409, 412,
  ]);
  await second.stop();
});
