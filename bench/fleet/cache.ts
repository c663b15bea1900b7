// Part of `npm run bench:fleet`: hits of the response cache from a node's copies with Redis, beside the embedded mode, interleaved.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import autocannon from "autocannon";
import { RedisServer } from "../../lib/testing/redis-server.ts";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 2);
const CONNECTIONS = 32;
const RESPONSES = 500;
const PURGES = 200;
const KEY = "operator-key-for-benches-0123456789";
const TICKS_PER_SECOND = 100;
const projectDir = path.resolve(import.meta.dirname, "../..");
const dir = mkdtempSync(path.join(tmpdir(), "headroom-bench-"));
const headers = { authorization: `Bearer ${KEY}`, "cache-control": "max-age=3600", "content-type": "application/json" };
const body = JSON.stringify(Array.from({ length: 20 }, (_, row) => ({ row, text: `line ${row} of an answer` })));
const paths = Array.from({ length: RESPONSES }, (_, n) => `/api/v1/cache/bench-${n}`);

interface Figure {
  rate: number;
  cpuMicros: number;
}
interface Side {
  name: string;
  url: string;
  process: ChildProcess;
  figures: Figure[];
}

async function start(name: string, env: Record<string, string>): Promise<Side> {
  const database = `file:${path.join(dir, `${name}.db`)}`;
  const child = spawn(process.execPath, ["dist/server.js"], {
    cwd: projectDir,
    env: {
      ...process.env,
      NODE_ENV: "production",
      PORT: "0",
      HEADROOM_LOG_LEVEL: "error",
      HEADROOM_OPERATOR_KEY: KEY,
      HEADROOM_DATABASE_URL: database,
      HEADROOM_CACHE_MAX_ENTRIES: String(2 * RESPONSES),
      ...env,
    },
  });
  const url = await new Promise<string>((resolve, reject) => {
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
      const ready = /ready at (\S+)/.exec(output)?.[1];
      if (ready) resolve(ready);
    });
    child.once("exit", () => reject(new Error(`${name} ended:\n${output}`)));
  });
  for (const target of paths) {
    const response = await fetch(`${url}${target}`, { method: "PUT", headers, body });
    if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
  }
  return { name, url, process: child, figures: [] };
}

function cpuSeconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function measure({ name, url, process: child }: Side, duration: number): Promise<Figure> {
  const before = cpuSeconds(child);
  const requests = paths.map((target) => ({ method: "GET" as const, path: target }));
  const result = await autocannon({ url, connections: CONNECTIONS, duration, headers, requests });
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${name}: ${result.non2xx} were no hits`);
  const { total } = result.requests;
  return { rate: total / result.duration, cpuMicros: ((cpuSeconds(child) - before) * 1e6) / total };
}

/** How long after a purge was answered by one node another still gave the response, by asking it again and again. */
async function purges(one: Side, other: Side): Promise<number[]> {
  const target = paths[0] ?? "";
  const statusOn = async ({ url }: Side): Promise<number> => {
    const response = await fetch(`${url}${target}?lease=0`, { headers });
    await response.arrayBuffer();
    return response.status;
  };
  const seen: number[] = [];
  for (let n = 0; n < PURGES; n++) {
    await fetch(`${one.url}${target}`, { method: "PUT", headers: { ...headers, "cache-tag": "bench" }, body });
    while ((await statusOn(other)) !== 200);
    const purge = { method: "POST", headers, body: JSON.stringify({ tag: "bench" }) };
    await (await fetch(`${one.url}/api/v1/cache/purge`, purge)).arrayBuffer();
    const purgedAtMs = performance.now();
    // The last answer that still had it came back this much later.
    let lastMs = 0;
    while ((await statusOn(other)) === 200) lastMs = performance.now() - purgedAtMs;
    seen.push(lastMs);
  }
  return seen.toSorted((a, b) => a - b);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const redis = await RedisServer.start();
const sides: Side[] = [];
try {
  const embedded = await start("embedded", {});
  const shared = { HEADROOM_REDIS_URL: redis.url, HEADROOM_REDIS_TIMEOUT_MS: "30000" };
  const node = await start("node", shared);
  sides.push(embedded, node);
  for (const side of sides) await measure(side, 1);
  for (let round = 0; round < ROUNDS; round++)
    for (const side of round % 2 ? sides.toReversed() : sides) side.figures.push(await measure(side, SECONDS));
  for (const { name, figures } of sides) {
    const rate = median(figures.map((figure) => figure.rate));
    const cpu = median(figures.map(({ cpuMicros }) => cpuMicros));
    const ofEmbedded = (value: (figure: Figure) => number) =>
      median(figures.map((figure, round) => value(figure) / value(embedded.figures[round] ?? figure))).toFixed(2);
    console.log(
      `cache hit: ${name} ${Math.round(rate)}/s, ${cpu.toFixed(0)} µs CPU, × embedded: rate ${ofEmbedded(({ rate }) => rate)}, CPU ${ofEmbedded(({ cpuMicros }) => cpuMicros)}`,
    );
  }
  const other = await start("other", shared);
  sides.push(other);
  const seen = await purges(node, other);
  const [p50 = 0, p99 = 0] = [seen[Math.floor(PURGES / 2)], seen[Math.floor(PURGES * 0.99)]];
  console.log(
    `after a purge was answered another node still gave the response for p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
  );
} finally {
  for (const side of sides) side.process.kill("SIGKILL");
  await redis.stop();
  rmSync(dir, { recursive: true, force: true });
}
