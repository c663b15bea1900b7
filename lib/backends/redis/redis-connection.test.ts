import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import { hasRedis, RedisServer } from "../../testing/redis-server.ts";
import { MOST_IN_FLIGHT, RedisConnection } from "./redis-connection.ts";

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof AppError ? error.code : error),
  );

describe.runIf(hasRedis)("a connection to Redis", () => {
  let server: RedisServer;
  let redis: RedisConnection;
  const faults: (string | null)[] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = await RedisConnection.open({
      url: server.url,
      clock: systemClock,
      deadlineMs: 3_000,
      onFault: (fault) => faults.push(fault?.message ?? null),
    });
  });
  afterAll(async () => {
    redis.close();
    await server.stop();
  });
  const back = () => expect.poll(() => redis.fault).toBe(null);

  it("is ready when it opens, and tells the server's figures", async () => {
    expect(redis.fault).toBe(null);
    expect(redis.figures).toMatchObject({ maxBytes: null, evictionPolicy: "noeviction", appendOnly: "on" });
    expect(redis.figures?.usedBytes).toBeGreaterThan(0);
    expect(await redis.appendFsync()).toBe("everysec");
  });

  it("runs a script again by itself after the server has lost it", async () => {
    const echo = redis.script(1, "return {KEYS[1], ARGV[1]}");
    expect(String(await echo(["key"], ["é"]))).toBe("key,é");
    await redis.call("SCRIPT", "FLUSH");
    expect(String(await echo(["key"], [Buffer.from("b")]))).toBe("key,b");
  });

  it("hears news that are current", async () => {
    const heard: string[] = [];
    redis.news.on("test", (message) => heard.push(message));
    await expect.poll(() => redis.news.isCurrent).toBe(true);
    await redis.call("PUBLISH", "test", "hello");
    await expect.poll(() => heard).toEqual(["hello"]);
  });

  it("connects the news again where they fell silent without a word", async () => {
    const proxy = await openProxy(server.port);
    const behind = await RedisConnection.open({ url: proxy.url, clock: systemClock, deadlineMs: 3_000 });
    await expect.poll(() => behind.news.isCurrent).toBe(true);
    proxy.muteNews();
    await expect.poll(() => behind.news.isCurrent).toBe(false);
    await expect.poll(() => behind.news.isCurrent).toBe(true);
    expect(behind.fault).toBe(null);
    behind.close();
    await proxy.close();
  });

  it("hears news once its user may use the server, although it was refused at the start", async () => {
    const locked = await RedisServer.start("--requirepass", "secret");
    const early = await RedisConnection.open({ url: locked.url, clock: systemClock, deadlineMs: 3_000 });
    expect(early.fault?.message).toContain("password");
    const operator = await operatorOf(locked.url.replace("//", "//:secret@"));
    await operator("CONFIG", "SET", "requirepass", "");
    await expect.poll(() => early.news.isCurrent).toBe(true);
    early.close();
    await locked.stop();
  });

  it("hears every channel again after a cut that came before its subscription was answered", async () => {
    const proxy = await openProxy(server.port);
    const behind = await RedisConnection.open({ url: proxy.url, clock: systemClock, deadlineMs: 3_000 });
    const heard: string[] = [];
    behind.news.on("late", (message) => heard.push(message));
    await expect.poll(() => behind.news.isCurrent).toBe(true);
    proxy.cutNextSubscription();
    await redis.call("CLIENT", "KILL", "TYPE", "pubsub");
    await expect.poll(() => proxy.cuts).toBe(1);
    await expect.poll(() => behind.news.isCurrent).toBe(true);
    await redis.call("PUBLISH", "late", "hello");
    await expect.poll(() => heard).toEqual(["hello"]);
    behind.close();
    await proxy.close();
  });

  it("outlives a subscription that is refused, and does not trust a beat without the other channels", async () => {
    const operator = await operatorOf(server.url.replace("//", "//operator:secret@"), () =>
      redis.call("ACL", "SETUSER", "operator", "on", ">secret", "+@all", "~*", "&*"),
    );
    const own = await RedisConnection.open({ url: server.url, clock: systemClock, deadlineMs: 3_000 });
    const heard: string[] = [];
    own.news.on("private", (message) => heard.push(message));
    await expect.poll(() => own.news.isCurrent).toBe(true);
    await operator("ACL", "SETUSER", "default", "resetchannels", "&headroom:beat:*");
    await expect.poll(() => own.news.isCurrent).toBe(false);
    const answered = async () => String(await operator("INFO", "commandstats"));
    const refusals = async () => Number(/cmdstat_subscribe:.*rejected_calls=(\d+)/.exec(await answered())?.[1]);
    await expect.poll(refusals).toBeGreaterThan(0);
    expect([own.fault, own.news.isCurrent]).toEqual([null, false]);
    await operator("ACL", "SETUSER", "default", "allchannels");
    await expect.poll(() => own.news.isCurrent).toBe(true);
    await redis.call("PUBLISH", "private", "hello");
    await expect.poll(() => heard).toEqual(["hello"]);
    own.close();
  });

  it("fails a command of a stopped server, then every other before it is sent, and is back with the server", async () => {
    let cuts = 0;
    redis.news.onLost(() => cuts++);
    server.pause();
    expect(await codeOf(redis.call("SET", "late", "1"))).toBe("storage-unavailable");
    // Whoever waits for a value is told, although no socket was closed.
    expect(cuts).toBeGreaterThan(0);
    const outcomes = await Promise.all(Array.from({ length: 1_000 }, () => codeOf(redis.call("INCR", "refused"))));
    expect(new Set(outcomes)).toEqual(new Set(["storage-unavailable"]));
    await expect.poll(() => redis.news.isCurrent).toBe(false);
    server.resume();
    await back();
    expect(await redis.call("EXISTS", "refused")).toBe(0);
    await expect.poll(() => redis.news.isCurrent).toBe(true);
    expect(faults).toContain("Redis does not respond.");
    expect(faults.at(-1)).toBe(null);
  });

  it("waits for 20,000 answers at most, and refuses what comes beyond before it is sent", async () => {
    server.pause();
    const waiting = Array.from({ length: MOST_IN_FLIGHT }, () => codeOf(redis.call("SET", "waits", "1")));
    await expect(redis.call("SET", "beyond", "1")).rejects.toThrow("too many commands");
    // That is not the server's fault: it is no reason to open the circuit.
    expect(redis.fault).toBe(null);
    server.resume();
    await Promise.all(waiting);
    await back();
    expect(await redis.call("EXISTS", "beyond")).toBe(0);
  });

  it("fails while the server is gone, and keeps what was answered when that comes back", async () => {
    await redis.call("SET", "kept", "1");
    await server.kill();
    expect(await codeOf(redis.call("GET", "kept"))).toBe("storage-unavailable");
    await server.restart();
    await back();
    expect(String(await redis.call("GET", "kept"))).toBe("1");
  });

  it("says that the server is a read-only replica, and when it no longer is", async () => {
    // Nobody listens there: a replica without its primary.
    await redis.call("REPLICAOF", "127.0.0.1", "1");
    expect(await codeOf(redis.call("SET", "a", "1"))).toBe("storage-read-only");
    expect(redis.fault?.message).toContain("read-only replica");
    const other = await RedisConnection.open({ url: server.url, clock: systemClock });
    expect(other.fault?.code).toBe("storage-read-only");
    other.close();
    await (await operatorOf(server.url))("REPLICAOF", "NO", "ONE");
    await back();
  });

  it("reads on while the server refuses writes, says so until it takes one again, and opens no circuit", async () => {
    await redis.call("SET", "kept", "1");
    await redis.call("CONFIG", "SET", "min-replicas-to-write", "1");
    const before = faults.length;
    const outcomes: unknown[] = [];
    for (let n = 0; n < 20; n++) {
      outcomes.push(await codeOf(redis.call("SET", "a", "1")), String(await redis.call("GET", "kept")));
    }
    expect(new Set(outcomes)).toEqual(new Set(["storage-unavailable", "1"]));
    expect(redis.fault?.message).toContain("too few replicas");
    await redis.call("CONFIG", "SET", "min-replicas-to-write", "0");
    await back();
    expect(faults.slice(before)).toEqual(["Redis has too few replicas to accept writes.", null]);
  });

  it("tells a full server from one that is away", async () => {
    await redis.call("CONFIG", "SET", "maxmemory", "1mb");
    expect(await codeOf(redis.call("SET", "a", "x".repeat(100_000)))).toBe("storage-full");
    expect(redis.fault).toBe(null);
    await redis.call("CONFIG", "SET", "maxmemory", "0");
  });
});

const closeOperators: (() => void)[] = [];
afterAll(() => {
  for (const close of closeOperators) close();
});

/** Over a connection of its own, without a breaker. */
async function operatorOf(url: string, before: () => Promise<unknown> = async () => undefined) {
  await before();
  const { loadRedis } = await import("./redis-client.ts");
  const client = new (loadRedis())(url, {});
  // Its server may end first.
  client.on("error", () => undefined);
  closeOperators.push(() => client.disconnect());
  return (name: string, ...args: readonly string[]) => client.call(name, ...args);
}

/** A way to Redis on which news can be held back, as behind a cut network: no socket is closed. */
async function openProxy(port: number) {
  const sockets = new Set<Socket>();
  const news: [from: Socket, to: Socket][] = [];
  let isCutting = false;
  let cuts = 0;
  const proxy = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => undefined));
    client.once("close", () => upstream.destroy());
    client.on("data", (chunk) => {
      if (!/subscribe/i.test(chunk.toString())) return;
      news.push([upstream, client]);
      if (!isCutting) return;
      isCutting = false;
      cuts++;
      client.destroy();
      upstream.destroy();
    });
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    url: `redis://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    get cuts() {
      return cuts;
    },
    /** The next socket that asks for news is closed before it is answered. */
    cutNextSubscription() {
      isCutting = true;
    },
    muteNews() {
      for (const [from, to] of news) from.unpipe(to).resume();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
