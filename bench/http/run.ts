// `npm run bench:http`: requests/s of the two doors against a bare Hono that does the same work, interleaved.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import autocannon from "autocannon";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 4);
const CONNECTIONS = 32;
const KEY = "operator-key-for-benches-0123456789";
const projectDir = path.resolve(import.meta.dirname, "../..");
const dir = mkdtempSync(path.join(tmpdir(), "headroom-bench-"));

/** Who am I: the way through the door alone. Session read: a store's look-up, and its use noted. */
const WORKS = ["who am I", "session read"] as const;
type Work = (typeof WORKS)[number];

interface Side {
  name: string;
  url: string;
  /** What is asked for, and whose answers are counted. */
  targets: Record<Work, string>;
  process: ChildProcess;
  requestsPerSecond: Record<Work, number[]>;
  p50Ms: Record<Work, number[]>;
}

function start(script: string, env: Record<string, string>): Promise<{ url: string; process: ChildProcess }> {
  const child = spawn(process.execPath, [script], {
    cwd: projectDir,
    env: { ...process.env, NODE_ENV: "production", PORT: "0", ...env },
  });
  return new Promise((resolve, reject) => {
    let output = "";
    const read = (chunk: Buffer) => {
      output += chunk;
      const url = /ready at (\S+)/.exec(output)?.[1];
      if (url) resolve({ url, process: child });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", () => reject(new Error(`${script} ended:\n${output}`)));
  });
}

async function side(name: string, script: string, env: Record<string, string>): Promise<Side> {
  const { url, process: child } = await start(script, env);
  const created = await fetch(`${url}/api/v1/sessions`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify({
      data: {
        user: "u-1",
        roles: ["reader", "writer"],
        preferences: { theme: "dark", language: "en" },
        history: Array.from({ length: 20 }, (_, index) => `visited page number ${index}`),
      },
    }),
  });
  const { id } = (await created.json()) as { id: string };
  const none = (): Record<Work, number[]> => ({ "who am I": [], "session read": [] });
  const targets = { "who am I": "/api/v1/auth/me", "session read": `/api/v1/sessions/${id}` };
  return { name, url, targets, process: child, requestsPerSecond: none(), p50Ms: none() };
}

async function measure({ url, targets }: Side, work: Work, seconds: number): Promise<{ rate: number; p50: number }> {
  const result = await autocannon({
    url: `${url}${targets[work]}`,
    connections: CONNECTIONS,
    duration: seconds,
    headers: { authorization: `Bearer ${KEY}` },
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} answers were no 2xx, ${result.errors} failed`);
  return { rate: result.requests.total / result.duration, p50: result.latency.p50 };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const spread = (values: readonly number[], digits = 0): string =>
  `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;

function report(work: Work): void {
  console.log(`\n${work}: ${CONNECTIONS} connections, ${ROUNDS} interleaved rounds of ${SECONDS} s: median (min–max)`);
  for (const { name, requestsPerSecond, p50Ms } of sides) {
    const rates = spread(requestsPerSecond[work]).padStart(24);
    console.log(`${name.padEnd(12)} ${rates} requests/s   p50 ${spread(p50Ms[work], 1)} ms`);
  }
  const [bare, direct, next] = sides;
  const ratios = (a: Side | undefined, b: Side | undefined) =>
    (a?.requestsPerSecond[work] ?? []).map((rate, index) => rate / (b?.requestsPerSecond[work][index] ?? Number.NaN));
  console.log(`direct door / bare Hono: ${spread(ratios(direct, bare), 2)}   goal ≥ 0.80`);
  console.log(`direct door / Next door: ${spread(ratios(direct, next), 1)}`);
}

const common = { HEADROOM_OPERATOR_KEY: KEY, BENCH_KEY: KEY, HEADROOM_LOG_LEVEL: "warn" };
const database = (name: string) => ({ HEADROOM_DATABASE_URL: `file:${path.join(dir, name)}` });
const sides = [
  await side("bare Hono", "bench/http/bare-hono.mjs", common),
  await side("direct door", "dist/server.js", { ...common, ...database("direct.db") }),
  await side("Next door", "dist/server.js", { ...common, ...database("next.db"), HEADROOM_DOOR: "next" }),
];
try {
  for (const work of WORKS) for (const one of sides) await measure(one, work, 2);
  for (let round = 0; round < ROUNDS; round++) {
    for (const work of WORKS) {
      for (const one of sides) {
        const { rate, p50 } = await measure(one, work, SECONDS);
        one.requestsPerSecond[work].push(rate);
        one.p50Ms[work].push(p50);
      }
    }
  }
  for (const work of WORKS) report(work);
} finally {
  for (const { process: child } of sides) child.kill();
  rmSync(dir, { recursive: true, force: true });
}
