// `node --import tsx bench/fleet/driver.ts`: the CPU of a session read and write in Redis without HTTP, beside the bare client, interleaved.
import { createRequire } from "node:module";
import { RedisConnection } from "../../lib/backends/redis/redis-connection.ts";
import { RedisSessionRows } from "../../lib/backends/redis/redis-session-rows.ts";
import { systemClock } from "../../lib/shared/clock.ts";
import { SharedSessions } from "../../lib/stores/sessions/shared/shared-sessions.ts";
import { RedisServer } from "../../lib/testing/redis-server.ts";
import { TestAccount } from "../../lib/testing/test-account.ts";

const ROUNDS = 5;
const CALLS = 20_000;
const CALLERS = 32;
const COPIES = 500;
const IDLE_MS = 1_800_000;

const server = await RedisServer.start();
const redis = await RedisConnection.open({ url: server.url, clock: systemClock, deadlineMs: 60_000 });
const { Redis } = createRequire(new URL("../../packages/fleet/package.json", import.meta.url))("ioredis");
const bare = new Redis(server.url);
const sessions = new SharedSessions({
  rows: new RedisSessionRows({ redis, clock: systemClock, maxBytes: Number.MAX_SAFE_INTEGER }),
  account: new TestAccount(),
  usesAccount: new TestAccount(),
  clock: systemClock,
  maxItems: COPIES,
  idleTimeoutMs: IDLE_MS,
});
const stop = sessions.start();
const data = JSON.stringify("x".repeat(1_000));
const ids = Array.from({ length: 4 * COPIES }, (_, n) => `bench-${n}`.padEnd(30, "x"));
for (const id of ids) {
  await sessions.createOwn("bench", id, data);
  await bare.set(`bare:${id}`, data);
}

const works: readonly [string, (id: string) => Promise<unknown>][] = [
  ["GETEX of the bare client", (id) => bare.getexBuffer(`bare:${id}`, "PX", IDLE_MS)],
  ["read from Redis", (id) => sessions.read("bench", id, (view, bytes) => view.version + bytes.length)],
  ["read of a copy", () => sessions.read("bench", ids[0] ?? "", (view, bytes) => view.version + bytes.length)],
  ["SET of the bare client", (id) => bare.set(`bare:${id}`, data, "PX", IDLE_MS)],
  ["write", (id) => sessions.replace("bench", id, data, null)],
];
const micros = new Map(works.map(([name]) => [name, [] as number[]]));
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, work] of works) {
    const before = process.cpuUsage();
    let call = 0;
    const caller = async () => {
      while (call < CALLS) await work(ids[call++ % ids.length] ?? "");
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    const { user, system } = process.cpuUsage(before);
    // The first warms up.
    if (round > 0) micros.get(name)?.push((user + system) / CALLS);
  }
}
for (const [name, figures] of micros) {
  const [least = Number.NaN] = figures.toSorted((a, b) => a - b);
  const median = figures.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
  console.log(`${name}: ${median.toFixed(1)} µs of this process' CPU (least ${least.toFixed(1)})`);
}
const stats = String(await redis.call("INFO", "commandstats"));
console.log(/cmdstat_evalsha:.*usec_per_call=[\d.]+/.exec(stats)?.[0] ?? "");
await stop();
redis.close();
bare.disconnect();
await server.stop();
