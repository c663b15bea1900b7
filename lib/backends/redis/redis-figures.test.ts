import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../shared/clock.ts";
import { hasRedis, RedisServer } from "../../testing/redis-server.ts";
import { RedisConnection } from "./redis-connection.ts";

describe.runIf(hasRedis)("the version of Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  it.each([
    ["6.2.14", "Redis is version 6.2.14; 7.0 or a later one is needed."],
    ["7.0.0", undefined],
    ["10.1.0", undefined],
  ])("of %s a node says when it opens: %s", async (version, message) => {
    const proxy = await openProxy(server.port, version);
    const redis = await RedisConnection.open({ url: proxy.url, clock: systemClock, deadlineMs: 30_000 });
    await expect.poll(() => redis.figures?.version).toBe(version);
    expect(redis.fault?.message).toBe(message);
    if (message !== undefined) await expect(redis.call("GET", "k")).rejects.toMatchObject({ status: 503, message });
    redis.close();
    await proxy.close();
  });
});

/** Passes everything on, and has INFO tell another version. */
async function openProxy(port: number, version: string) {
  const sockets = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) sockets.add(socket.on("error", () => undefined));
    near.pipe(far);
    far.on("data", (chunk) => near.write(withVersion(chunk.toString("latin1"), version), "latin1"));
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
  };
  return { url: `redis://127.0.0.1:${(proxy.address() as AddressInfo).port}`, close };
}

/** A bulk string names its own length: what the version gains, a line behind it loses. */
function withVersion(text: string, version: string): string {
  return text.replace(/redis_version:(\S+)\r\nredis_git_sha1:(\S+)/, (all, _, sha: string) => {
    const spare = all.length - `redis_version:${version}\r\nredis_git_sha1:`.length;
    return `redis_version:${version}\r\nredis_git_sha1:${sha.padEnd(spare, "0").slice(0, spare)}`;
  });
}
