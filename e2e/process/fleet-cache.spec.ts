import { randomBytes } from "node:crypto";
import { expect, test } from "@playwright/test";
import { loadRedis } from "../../lib/backends/redis/redis-client.ts";
import { hasRedis, RedisServer } from "../../lib/testing/redis-server.ts";
import { TestServer } from "../support/server.ts";

const PATH = "/api/v1/cache";
const LONG = { "cache-control": "max-age=600" };

test.skip(!hasRedis, "no redis-server is installed");

// Started once: a test has keys of its own.
let redis: RedisServer;
let nodes: TestServer[];

test.beforeAll(async () => {
  redis = await RedisServer.start();
  nodes = await Promise.all([startNode(), startNode(), startNode()]);
});
test.afterEach(async () => {
  redis?.resume();
  for (const node of nodes ?? []) await ready(node);
});
test.afterAll(async () => {
  await Promise.all((nodes ?? []).map((node) => node.remove()));
  await redis?.stop();
});

/** What a test asserts holds beside busy neighbours: the deadline is long, but where it is what is tested. */
const startNode = (url = redis.url, deadlineMs = 60_000): Promise<TestServer> =>
  TestServer.start({
    env: {
      HEADROOM_REDIS_URL: url,
      HEADROOM_REDIS_TIMEOUT_MS: String(deadlineMs),
      HEADROOM_LOG_LEVEL: "error",
    },
  });

function node(at: number): TestServer {
  const found = nodes[at];
  if (!found) throw new Error(`there is no node ${at}`);
  return found;
}

const ready = (server: TestServer) =>
  expect.poll(async () => (await server.get("/readyz")).status, { intervals: [50] }).toBe(200);

/** As an operator would, beside the nodes. */
async function asOperator(...[name = "", ...args]: readonly string[]): Promise<void> {
  const client = new (loadRedis())(redis.url, {});
  await client.call(name, ...args);
  client.disconnect();
}

async function outcome(server: TestServer, key: string): Promise<string> {
  const response = await server.get(`${PATH}/${key}?lease=0`);
  return response.status === 200 ? await response.text() : String(response.status);
}

/** A copy on a node answers without Redis: whoever holds one has been asked before. */
async function hold(server: TestServer, key: string): Promise<void> {
  await outcome(server, key);
  await outcome(server, key);
}

test("what is put on one node is a hit on every other, with the same bytes under the same tag", async () => {
  const body = JSON.stringify(Array.from({ length: 500 }, (_, row) => ({ row, name: `name ${row % 97}` })));
  const headers = { ...LONG, "content-type": "application/json", "cache-tag": "a,b", "cache-meta": "note" };
  expect((await node(0).send("PUT", `${PATH}/shared`, body, headers)).status).toBe(201);
  const seen = await Promise.all(
    nodes.map(async (server) => {
      const response = await server.get(`${PATH}/shared`, { "accept-encoding": "br" });
      expect([response.status, await response.text()]).toEqual([200, body]);
      return ["etag", "cache-tag", "cache-meta", "content-encoding", "content-type"].map((name) =>
        response.headers.get(name),
      );
    }),
  );
  expect(new Set(seen.map(String)).size).toBe(1);
  expect(seen[0]?.[3]).toBe("br");
  const etag = String(seen[0]?.[0]);
  const known = { "if-none-match": etag, "accept-encoding": "br" };
  expect((await node(2).get(`${PATH}/shared`, known)).status).toBe(304);
  expect((await node(1).send("PUT", `${PATH}/shared`, "new", { ...LONG, "if-match": etag })).status).toBe(204);
  expect((await node(2).send("PUT", `${PATH}/shared`, "late", { ...LONG, "if-match": etag })).status).toBe(412);
  expect(await outcome(node(1), "shared")).toBe("new");
});

test("a put, a delete and purges of one node are seen on the others, though they hold copies", async () => {
  const seen = async (key: string): Promise<string[]> => Promise.all(nodes.map((server) => outcome(server, key)));
  const becomes = (key: string, text: string) =>
    expect.poll(() => seen(key), { intervals: [5] }).toEqual([text, text, text]);
  const put = (server: TestServer, key: string, text: string, tags = "t") =>
    server.send("PUT", `${PATH}/${key}`, text, { ...LONG, "cache-tag": tags });
  const copies = (key: string) => Promise.all(nodes.map((server) => hold(server, key)));
  await put(node(0), "put", "one");
  await copies("put");
  await put(node(1), "put", "two");
  // The node that wrote serves it at once.
  expect(await outcome(node(1), "put")).toBe("two");
  await becomes("put", "two");
  expect((await node(2).send("DELETE", `${PATH}/put`)).status).toBe(204);
  expect(await outcome(node(2), "put")).toBe("404");
  await becomes("put", "404");
  for (const [at, what] of [{ tags: ["x", "t"] }, { prefix: "p/" }, { all: true }].entries()) {
    const keys = Array.from({ length: 20 }, (_, n) => `p%2F${n}`);
    for (const key of keys) await put(node(0), key, "x");
    for (const key of keys) await copies(key);
    const purged = await node(at).send("POST", `${PATH}/purge`, what);
    expect(((await purged.json()) as { removed: number }).removed).toBeGreaterThanOrEqual(keys.length);
    for (const key of keys) expect(await outcome(node(at), key)).toBe("404");
    for (const key of keys) await becomes(key, "404");
  }
});

test("300 callers of a missing key on three nodes compute once, and all of them get it", async () => {
  let computed = 0;
  const call = async (server: TestServer): Promise<string> => {
    const response = await server.get(`${PATH}/stampede?wait=25000`);
    if (response.status === 200) return response.text();
    const lease = response.headers.get("x-fill-lease");
    if (lease === null) return `${response.status} without a lease`;
    computed += 1;
    const headers = { ...LONG, "x-fill-lease": lease };
    expect((await node(2).send("PUT", `${PATH}/stampede`, "computed", headers)).status).toBe(201);
    return "computed";
  };
  const answers = await Promise.all(Array.from({ length: 300 }, (_, n) => call(node(n % 3))));
  expect(new Set(answers)).toEqual(new Set(["computed"]));
  expect(computed).toBe(1);
});

test("a lease that its holder gives back on one node passes to who waits on another", async () => {
  const lease = (await node(0).get(`${PATH}/passed`)).headers.get("x-fill-lease") ?? "";
  const waiting = node(1).get(`${PATH}/passed?wait=25000`);
  expect((await node(2).get(`${PATH}/passed`)).headers.get("x-fill-pending")).toBe("1");
  expect((await node(2).send("DELETE", `${PATH}/passed`, undefined, { "x-fill-lease": lease })).status).toBe(204);
  const passed = (await waiting).headers.get("x-fill-lease");
  expect(passed).not.toBeNull();
  const late = await node(0).send("PUT", `${PATH}/passed`, "late", { ...LONG, "x-fill-lease": lease });
  expect(late.status).toBe(409);
  const put = await node(1).send("PUT", `${PATH}/passed`, "x", { ...LONG, "x-fill-lease": passed ?? "" });
  expect(put.status).toBe(201);
});

test("uses on all nodes are counted together", async () => {
  await node(0).send("PUT", `${PATH}/counted`, "x", LONG);
  for (let n = 0; n < 9; n++) expect(await outcome(node(n % 3), "counted")).toBe("x");
  const hits = async (): Promise<number> => {
    const { items } = (await (await node(0).get(`${PATH}?prefix=counted&sort=hits`)).json()) as {
      items: { hits: number }[];
    };
    return items[0]?.hits ?? 0;
  };
  await expect.poll(hits).toBe(9);
});

test("copies are dropped when the way to Redis is cut: none survives a purge that was not heard", async () => {
  await node(0).send("PUT", `${PATH}/cut`, "x", LONG);
  await hold(node(1), "cut");
  // It goes without telling anyone, while no news arrive.
  await asOperator("CLIENT", "KILL", "TYPE", "pubsub");
  await asOperator("FLUSHALL");
  await expect.poll(() => outcome(node(1), "cut"), { intervals: [5] }).toBe("404");
});

test("a script that Redis has lost is sent again", async () => {
  await node(0).send("PUT", `${PATH}/flushed`, "x", LONG);
  await asOperator("SCRIPT", "FLUSH");
  expect(await outcome(node(1), "flushed")).toBe("x");
  await asOperator("SCRIPT", "FLUSH");
  expect((await node(1).send("POST", `${PATH}/purge`, { prefix: "flushed" })).status).toBe(200);
  expect(await outcome(node(1), "flushed")).toBe("404");
});

test("while Redis is stopped every look-up is a miss, a put keeps nothing, changes are 503, and all is back with it", async () => {
  const server = await startNode(redis.url, 500);
  await server.send("PUT", `${PATH}/stopped`, "x", LONG);
  await hold(server, "stopped");
  redis.pause();
  await expect.poll(() => outcome(server, "stopped"), { intervals: [20] }).toBe("404");
  await expect.poll(async () => (await server.get("/readyz")).status, { intervals: [50] }).toBe(503);
  const found = await Promise.all(Array.from({ length: 300 }, () => server.get(`${PATH}/stopped`)));
  expect(new Set(found.map(({ status }) => status))).toEqual(new Set([404]));
  expect(found.some(({ headers }) => headers.has("x-fill-lease"))).toBe(false);
  expect((await server.send("PUT", `${PATH}/stopped`, "y", LONG)).status).toBe(204);
  const refused = await Promise.all([
    server.send("POST", `${PATH}/purge`, { all: true }),
    server.send("DELETE", `${PATH}/stopped`),
    server.get(PATH),
    server.send("PUT", `${PATH}/stopped`, "y", { ...LONG, "if-match": '"x"' }),
  ]);
  for (const response of refused) {
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await response.json()).toMatchObject({ code: "storage-unavailable" });
  }
  redis.resume();
  await ready(server);
  await expect.poll(() => outcome(server, "stopped"), { intervals: [50] }).toBe("x");
  await server.remove();
});

test("a look-up that waits for another's value is told when Redis goes away", async () => {
  await node(0).get(`${PATH}/waited`);
  const waiting = node(1).get(`${PATH}/waited?wait=25000`);
  expect((await node(1).get(`${PATH}/waited`)).headers.get("x-fill-pending")).toBe("1");
  await redis.kill();
  expect((await waiting).status).toBe(404);
  await redis.restart();
});

test("a Redis that was killed and restarted has what it had, and one that restarts empty is an empty cache", async () => {
  await node(0).send("PUT", `${PATH}/restarted`, "x", LONG);
  await hold(node(1), "restarted");
  await redis.kill();
  await expect.poll(() => outcome(node(1), "restarted"), { intervals: [20] }).toBe("404");
  await redis.restart();
  for (const server of nodes) await ready(server);
  await expect.poll(() => outcome(node(2), "restarted")).toBe("x");
  await hold(node(1), "restarted");
  await redis.kill();
  await redis.restart({ empty: true });
  for (const server of nodes) await ready(server);
  await expect.poll(() => outcome(node(1), "restarted"), { intervals: [20] }).toBe("404");
  expect((await node(1).send("PUT", `${PATH}/restarted`, "new", LONG)).status).toBe(201);
  await expect.poll(() => outcome(node(0), "restarted")).toBe("new");
});

test("at Redis' own maxmemory without eviction, what is cached makes room, and nobody sees an error", async () => {
  const small = await RedisServer.start("--maxmemory", "12mb", "--maxmemory-policy", "noeviction");
  const server = await startNode(small.url);
  const body = randomBytes(100_000);
  const statuses = new Set<number>();
  for (let n = 0; n < 200; n++) statuses.add((await server.send("PUT", `${PATH}/full-${n}`, body, LONG)).status);
  expect(statuses).toEqual(new Set([201]));
  expect((await server.get(`${PATH}/full-0?lease=0`)).status).toBe(404);
  expect((await server.get(`${PATH}/full-199?lease=0`)).status).toBe(200);
  expect((await server.send("POST", `${PATH}/purge`, { all: true })).status).toBe(200);
  await server.remove();
  await small.stop();
});
