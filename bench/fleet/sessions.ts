// `npm run bench:fleet`: sessions through a node with Redis, beside node:http with ioredis alone and the embedded mode, interleaved.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import autocannon from "autocannon";
import { RedisServer } from "../../lib/testing/redis-server.ts";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 2);
const CONNECTIONS = 32;
/** Four times as many as a node keeps copies of. */
const SESSIONS = 2_000;
const KEY = "operator-key-for-benches-0123456789";
const TICKS_PER_SECOND = 100;
const projectDir = path.resolve(import.meta.dirname, "../..");
const dir = mkdtempSync(path.join(tmpdir(), "headroom-bench-"));
const body = JSON.stringify({
  data: { user: "u-1", history: Array.from({ length: 30 }, (_, index) => `visited page number ${index}`) },
});
const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };

const WORKS = ["read of one session", "read of 2,000", "write"] as const;
type Work = (typeof WORKS)[number];
interface Figure {
  rate: number;
  cpuMicros: number;
}
interface Side {
  name: string;
  url: string;
  process: ChildProcess;
  paths: string[];
  figures: Record<Work, Figure[]>;
}

async function start(name: string, script: string, env: Record<string, string>, begin = true): Promise<Side> {
  const child = spawn(process.execPath, [script], {
    cwd: projectDir,
    env: { ...process.env, NODE_ENV: "production", PORT: "0", HEADROOM_LOG_LEVEL: "error", ...env },
  });
  const url = await new Promise<string>((resolve, reject) => {
    let output = "";
    const read = (chunk: Buffer) => {
      output += chunk;
      const ready = /ready at (\S+)/.exec(output)?.[1];
      if (ready) resolve(ready);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", () => reject(new Error(`${script} ended:\n${output}`)));
  });
  const paths: string[] = [];
  for (let n = 0; n < SESSIONS; n++) {
    const target = `/api/v1/sessions/${`bench-${n}`.padEnd(30, "x")}`;
    paths.push(target);
    if (!begin) continue;
    const response = await fetch(`${url}${target}`, {
      method: "PUT",
      headers: { ...headers, "if-none-match": "*" },
      body,
    });
    if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  }
  return { name, url, process: child, paths, figures: { "read of one session": [], "read of 2,000": [], write: [] } };
}

function cpuSeconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function measure({ name, url, paths, process: child }: Side, work: Work, duration: number): Promise<Figure> {
  const method = work === "write" ? "PUT" : "GET";
  const used = work === "read of one session" ? paths.slice(0, 1) : paths;
  const before = cpuSeconds(child);
  const {
    non2xx,
    errors,
    requests,
    duration: took,
  } = await autocannon({
    url,
    connections: CONNECTIONS,
    duration,
    headers,
    requests: used.map((target) => ({ method, path: target, ...(method === "PUT" ? { body } : {}) })),
  });
  if (non2xx > 0 || errors > 0) throw new Error(`${name}, ${work}: ${non2xx} answers were no 2xx, ${errors} failed`);
  return { rate: requests.total / took, cpuMicros: ((cpuSeconds(child) - before) * 1e6) / requests.total };
}

/** How long after a write on one node another answers with it, in milliseconds. */
async function measureNews(writer: Side, reader: Side): Promise<number[]> {
  const target = writer.paths[0] ?? "";
  const times: number[] = [];
  for (let n = 0; n < 300; n++) {
    // The reader has a copy, which the write makes wrong.
    await (await fetch(`${reader.url}${target}`, { headers })).arrayBuffer();
    const data = { n };
    await (
      await fetch(`${writer.url}${target}`, { method: "PUT", headers, body: JSON.stringify({ data }) })
    ).arrayBuffer();
    const written = performance.now();
    for (let seen = -1; seen !== n; )
      seen = ((await (await fetch(`${reader.url}${target}`, { headers })).json()) as { data: { n: number } }).data.n;
    times.push(performance.now() - written);
  }
  return times.sort((a, b) => a - b);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const redis = await RedisServer.start();
const sides: Side[] = [];
try {
  const env = { HEADROOM_REDIS_URL: redis.url, HEADROOM_OPERATOR_KEY: KEY, HEADROOM_REDIS_TIMEOUT_MS: "30000" };
  sides.push(await start("bare", "bench/fleet/bare-redis.mjs", env));
  const database = (name: string) => ({ HEADROOM_DATABASE_URL: `file:${path.join(dir, `${name}.db`)}` });
  sides.push(await start("node", "dist/server.js", { ...env, ...database("node") }));
  sides.push(await start("embedded", "dist/server.js", { HEADROOM_OPERATOR_KEY: KEY, ...database("embedded") }));
  for (const side of sides) for (const work of WORKS) await measure(side, work, 1);
  for (let round = 0; round < ROUNDS; round++)
    for (const work of WORKS) for (const side of sides) side.figures[work].push(await measure(side, work, SECONDS));
  for (const work of WORKS) {
    const [bare] = sides;
    for (const { name, figures } of sides) {
      const rate = median(figures[work].map((figure) => figure.rate));
      const cpu = median(figures[work].map(({ cpuMicros }) => cpuMicros));
      const ratio = median(figures[work].map((figure, round) => figure.rate / (bare?.figures[work][round]?.rate ?? 1)));
      console.log(`${work}: ${name} ${Math.round(rate)}/s, ${cpu.toFixed(0)} µs CPU, ${ratio.toFixed(2)} × bare`);
    }
  }
  const second = await start("second node", "dist/server.js", { ...env, ...database("second") }, false);
  sides.push(second);
  const [, node] = sides;
  const news = await measureNews(node as Side, second);
  const ms = (share: number) => (news[Math.floor(share * (news.length - 1))] ?? Number.NaN).toFixed(1);
  console.log(`a write is read on another node after ${ms(0.5)} ms (p50), ${ms(0.99)} ms (p99), with the request`);
} finally {
  for (const side of sides) side.process.kill("SIGKILL");
  await redis.stop();
  rmSync(dir, { recursive: true, force: true });
}
