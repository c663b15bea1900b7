import { expect, test } from "@playwright/test";
import { loadRedis } from "../../lib/backends/redis/redis-client.ts";
import { RedisConnection } from "../../lib/backends/redis/redis-connection.ts";
import { systemClock } from "../../lib/shared/clock.ts";
import { hasRedis, RedisServer } from "../../lib/testing/redis-server.ts";
import { installWithout } from "../support/install-without.ts";
import { runToEnd } from "../support/run-to-end.ts";
import { TestServer } from "../support/server.ts";

test.skip(!hasRedis, "no redis-server is installed");

const PATH = "/api/v1/sessions";
const PATIENT = { HEADROOM_REDIS_TIMEOUT_MS: "60000" };
/** Longer than a busy machine keeps an engine waiting. */
const BOUNDED = { HEADROOM_REDIS_TIMEOUT_MS: "3000" };

interface Session {
  id: string;
  version: number;
}

const create = async (server: TestServer, data: unknown): Promise<Session> => {
  const response = await server.send("POST", PATH, { data });
  expect(response.status).toBe(201);
  return (await response.json()) as Session;
};
const dataOf = async (server: TestServer, id: string): Promise<unknown> => {
  const response = await server.get(`${PATH}/${id}`);
  return response.status === 200 ? ((await response.json()) as { data: unknown }).data : response.status;
};
const ready = (server: TestServer) => expect.poll(async () => (await server.get("/readyz")).status).toBe(200);

test.describe("two nodes on one Redis", () => {
  let redis: RedisServer;
  let a: TestServer;
  let b: TestServer;
  test.beforeAll(async () => {
    redis = await RedisServer.start();
    const env = { HEADROOM_REDIS_URL: redis.url, HEADROOM_MAX_SESSIONS: "20", ...PATIENT };
    [a, b] = await Promise.all([TestServer.start({ env }), TestServer.start({ env })]);
  });
  test.afterAll(async () => {
    await a.remove();
    await b.remove();
    await redis.stop();
  });

  test("a session written on one node is read on the other at once, and its copies there follow", async () => {
    const { id } = await create(a, { n: 0 });
    expect(await dataOf(b, id)).toEqual({ n: 0 });
    for (let n = 1; n <= 50; n++) {
      const [writer, other] = n % 2 ? [a, b] : [b, a];
      const response = await writer.send("PUT", `${PATH}/${id}`, { data: { n } }, { "if-match": `"${n}"` });
      expect(response.status).toBe(200);
      expect(await dataOf(writer, id)).toEqual({ n });
      await expect.poll(() => dataOf(other, id), { intervals: [1] }).toEqual({ n });
    }
    expect((await a.send("PUT", `${PATH}/${id}`, { data: 1 }, { "if-match": '"50"' })).status).toBe(412);
    expect((await b.send("DELETE", `${PATH}/${id}`)).status).toBe(204);
    expect(await dataOf(b, id)).toBe(404);
    await expect.poll(() => dataOf(a, id), { intervals: [1] }).toBe(404);
  });

  test("patches on both nodes at once are all kept", async () => {
    const { id } = await create(a, {});
    const merge = { "content-type": "application/merge-patch+json" };
    const responses = await Promise.all(
      Array.from({ length: 40 }, (_, n) => (n % 2 ? a : b).send("PATCH", `${PATH}/${id}`, { [`m${n}`]: n }, merge)),
    );
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
    const data = await (await b.get(`${PATH}/${id}?peek=1`)).json();
    expect(data).toMatchObject({ version: 41 });
    expect(Object.keys((data as { data: object }).data)).toHaveLength(40);
  });

  test("Redis' memory is shown beside the ledger, and copies stay within HEADROOM_MAX_SESSIONS", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 60; n++) ids.push((await create(a, n)).id);
    for (const id of ids) expect(await dataOf(b, id)).toBe(ids.indexOf(id));
    const report = (await (await b.get("/monitoring/memory")).json()) as {
      redis: Record<string, unknown>;
      stores: { store: string; items: number; maxItems: number }[];
      sample: { usedBytes: number; breakdown: { bytes: number }[] };
    };
    expect(report.redis).toMatchObject({ state: "ready", evictionPolicy: "noeviction", maxBytes: null });
    expect(report.redis.usedBytes).toBeGreaterThan(0);
    const sum = report.sample.breakdown.reduce((all, { bytes }) => all + bytes, 0);
    expect(sum).toBe(report.sample.usedBytes);
    const sessions = report.stores.find(({ store }) => store === "sessions");
    expect(sessions?.maxItems).toBe(20);
    expect(sessions?.items).toBeLessThanOrEqual(20);
    expect(await (await b.get("/metrics")).text()).toContain("headroom_redis_up 1");
  });
});

test.describe("bad days of Redis", () => {
  let redis: RedisServer;
  let server: TestServer;
  let operator: RedisConnection;
  test.beforeAll(async () => {
    redis = await RedisServer.start();
    server = await TestServer.start({ env: { HEADROOM_REDIS_URL: redis.url, ...BOUNDED } });
    operator = await RedisConnection.open({ url: redis.url, clock: systemClock, deadlineMs: 120_000 });
  });
  test.afterAll(async () => {
    operator.close();
    await server.remove();
    await redis.stop();
  });
  test.beforeEach(() => ready(server));

  /** Every session route, each refused in the way that a client can wait for. */
  const expectAway = async (id: string) => {
    const responses = await Promise.all([
      server.get(`${PATH}/${id}`),
      server.get(`${PATH}/${id}?peek=1`),
      server.get(PATH),
      server.get(`${PATH}/count`),
      server.send("POST", PATH, { data: 1 }),
      server.send("PUT", `${PATH}/${id}`, { data: "lost" }),
      server.send("POST", `${PATH}/${id}/touch`),
      server.send("DELETE", `${PATH}/${id}`),
      server.send("DELETE", `${PATH}?all=1`),
    ]);
    for (const response of responses) {
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
      expect(await response.json()).toMatchObject({ code: "storage-unavailable" });
    }
    const readiness = await server.get("/readyz");
    expect(readiness.status).toBe(503);
    expect(await readiness.json()).toMatchObject({
      code: "storage-unavailable",
      detail: expect.stringContaining("Redis"),
    });
    // What does not need Redis goes on.
    expect((await server.get("/livez")).status).toBe(200);
    expect((await server.get("/api/v1/conversations")).status).toBe(200);
  };

  test("stopped: sessions get 503 with Retry-After while it is, nothing refused runs later, and all is back after it", async () => {
    const { id } = await create(server, "kept");
    redis.pause();
    // Until the first command has waited for its deadline, or a look has; copies may answer until the news are a second old.
    await expect.poll(async () => (await server.get("/readyz")).status).toBe(503);
    await expect.poll(() => dataOf(server, id)).toBe(503);
    for (let times = 0; times < 3; times++) await expectAway(id);
    redis.resume();
    await ready(server);
    expect(await dataOf(server, id)).toBe("kept");
    expect(server.output).toContain("Redis is back");
  });

  test("killed and started again: what was acknowledged is there", async () => {
    const made = await Promise.all(Array.from({ length: 100 }, (_, n) => create(server, n)));
    await redis.kill();
    await expect.poll(async () => (await server.get("/readyz")).status).toBe(503);
    await expectAway(made[0]?.id ?? "");
    await redis.restart();
    await ready(server);
    for (const [n, { id }] of made.entries()) expect(await dataOf(server, id)).toBe(n);
  });

  test("started again without its data: sessions are gone, and no copy pretends otherwise", async () => {
    const { id } = await create(server, "gone");
    expect(await dataOf(server, id)).toBe("gone");
    expect(await dataOf(server, id)).toBe("gone");
    await redis.kill();
    await redis.restart({ empty: true });
    await ready(server);
    await expect.poll(() => dataOf(server, id)).toBe(404);
    expect(await dataOf(server, (await create(server, "new")).id)).toBe("new");
  });

  test("full: what grows gets 507, and reads, touches and deletions go on", async () => {
    const { id } = await create(server, "kept");
    const other = await create(server, "other");
    await operator.call("CONFIG", "SET", "maxmemory", "1mb");
    const refused = await server.send("POST", PATH, { data: "x".repeat(1_000) });
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([507, "storage-full"]);
    expect(await dataOf(server, id)).toBe("kept");
    expect((await server.send("POST", `${PATH}/${id}/touch`)).status).toBe(200);
    expect((await server.send("DELETE", `${PATH}/${other.id}`)).status).toBe(204);
    await operator.call("CONFIG", "SET", "maxmemory", "0");
    expect(await dataOf(server, (await create(server, "again")).id)).toBe("again");
  });

  test("without its scripts: nobody notices", async () => {
    const { id } = await create(server, "kept");
    await operator.call("SCRIPT", "FLUSH");
    expect(await dataOf(server, (await create(server, "new")).id)).toBe("new");
    expect((await server.send("PATCH", `${PATH}/${id}`, { data: "changed" })).status).toBe(200);
    expect((await server.get(`${PATH}?limit=2`)).status).toBe(200);
  });

  test("a read-only replica: sessions get 503, until it is a primary again", async () => {
    const { id } = await create(server, "kept");
    // Nobody listens there.
    await operator.call("REPLICAOF", "127.0.0.1", "1");
    await expect.poll(async () => (await server.send("POST", PATH, { data: 1 })).status).toBe(503);
    const readiness = await server.get("/readyz");
    expect(await readiness.json()).toMatchObject({ code: "storage-read-only" });
    await promote(redis.url);
    await ready(server);
    expect(await dataOf(server, id)).toBe("kept");
  });
});

/** Over a connection without a breaker: ours sends nothing to a replica. */
async function promote(url: string): Promise<void> {
  const client = new (loadRedis())(url, {});
  await client.call("REPLICAOF", "NO", "ONE");
  client.disconnect();
}

test("a node starts while Redis is away, says so, and serves sessions when it comes", async () => {
  const redis = await RedisServer.start();
  await redis.kill();
  const server = await TestServer.start({ env: { HEADROOM_REDIS_URL: redis.url, ...BOUNDED } });
  const readiness = await server.get("/readyz");
  expect([readiness.status, await readiness.json()]).toMatchObject([503, { code: "storage-unavailable" }]);
  expect((await server.send("POST", PATH, { data: 1 })).status).toBe(503);
  await redis.restart();
  await ready(server);
  expect(await dataOf(server, (await create(server, "made")).id)).toBe("made");
  await server.remove();
  await redis.stop();
});

test("a node that was not installed with its client says so instead of starting", async () => {
  const { code, stderr } = await runToEnd({ HEADROOM_REDIS_URL: "redis://127.0.0.1:1" }, installWithout("ioredis"));
  expect(code).toBe(1);
  expect(stderr).toContain("npm ci in packages/fleet");
});
