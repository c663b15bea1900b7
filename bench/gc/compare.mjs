// Collections on the report's workload, interleaved round by round, each in a process of its own:
//   same flags:    ours against the same app on lru-cache with live objects (bench/baseline/app-on-lru), and against a
//                  bare Hono with the same routes on lru-cache, without keys, checks, pages, sockets or a database
//   flags chosen:  ours with the launcher's flags against ours with Node's defaults
// `node scripts/build.mjs && node bench/gc/compare.mjs [--rounds 3] [--requests 6000] [--limit-mb 1024]`
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { chooseGcFlags } from "../../scripts/gc-flags.mjs";
import { buildAppOnLru } from "../baseline/app-on-lru/build.mjs";
import { Client, percentile, rssOf } from "../pressure/client.mjs";
import { KEY, startServer } from "../pressure/start-server.mjs";
import { createWorkload } from "./report-workload.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    requests: { type: "string", default: "6000" },
    "limit-mb": { type: "string", default: "1024" },
  },
});
const ROUNDS = Number(options.rounds);
const REQUESTS = Number(options.requests);
const LIMIT_MB = options["limit-mb"];

async function startBaseline(flags, env) {
  const script = resolve(import.meta.dirname, "../baseline/server.mjs");
  const child = spawn(process.execPath, [...flags, script, "--kind", "lru"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env.PATH, PORT: "0", NODE_ENV: "production", ...env },
  });
  const port = await new Promise((ready, failed) => {
    child.stdout.on("data", (chunk) => ready(Number(/:(\d+)\s*$/.exec(String(chunk))?.[1])));
    child.once("exit", () => failed(new Error("the baseline ended")));
  });
  return { port, pid: child.pid, stop: async () => void child.kill() };
}

async function ourCounters(client) {
  const { body } = await client.send("GET", "/metrics");
  const read = (pattern) => Number(pattern.exec(body.toString("utf8"))?.[1] ?? 0);
  return {
    minorCount: read(/nodejs_gc_duration_seconds_count\{[^}]*kind="minor"[^}]*\} (\S+)/),
    majorCount: read(/nodejs_gc_duration_seconds_count\{[^}]*kind="major"[^}]*\} (\S+)/),
    pauseMs:
      1000 *
      (read(/nodejs_gc_duration_seconds_sum\{[^}]*kind="minor"[^}]*\} (\S+)/) +
        read(/nodejs_gc_duration_seconds_sum\{[^}]*kind="major"[^}]*\} (\S+)/)),
    cpuMs: 1000 * read(/^process_cpu_seconds_total (\S+)/m),
  };
}
const baselineCounters = async (client) => (await client.json("GET", "/bench/counters")).value;

const { flags, env: allocator } = chooseGcFlags({ limitBytes: Number(LIMIT_MB) * 2 ** 20 });
const onLru = await buildAppOnLru();
const app = (environment, script) => ({
  start: () => startServer({ HEADROOM_MEMORY_LIMIT_MB: LIMIT_MB, ...environment }, script),
  counters: ourCounters,
});
const DEFAULTS = { HEADROOM_GC_TUNING: "off" };
const CHOICES = {
  "ours, chosen flags": app({}),
  "app on lru-cache, chosen flags": app({}, onLru),
  "bare lru-cache, chosen flags": { start: () => startBaseline(flags, allocator), counters: baselineCounters },
  "ours, Node's defaults": app(DEFAULTS),
  "app on lru-cache, Node's defaults": app(DEFAULTS, onLru),
};

async function measure({ start, counters }, seed) {
  const server = await start();
  const client = new Client({ port: server.port, key: KEY, connections: 16 });
  try {
    const { step, latencies } = await createWorkload(client, seed);
    await client.each(REQUESTS / 4, step);
    const before = await counters(client);
    latencies.length = 0;
    await client.each(REQUESTS, step);
    const after = await counters(client);
    latencies.sort((a, b) => a - b);
    const per = (name) => ((after[name] - before[name]) * 1000) / latencies.length;
    return {
      "scavenges / 1,000": per("minorCount"),
      "major / 1,000": per("majorCount"),
      "pause ms / 1,000": per("pauseMs"),
      "CPU ms / 1,000": per("cpuMs"),
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      "RSS MB": rssOf(server.pid) / 2 ** 20,
    };
  } finally {
    client.close();
    await server.stop();
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const names = Object.keys(CHOICES);
const results = Object.fromEntries(names.map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [at] of names.entries()) {
    const name = names[(at + round) % names.length];
    results[name].push(await measure(CHOICES[name], 11 + round));
  }
}
console.table(
  Object.fromEntries(
    names.map((name) => [
      name,
      Object.fromEntries(
        Object.keys(results[name][0]).map((figure) => [
          figure,
          Number(median(results[name].map((result) => result[figure])).toFixed(2)),
        ]),
      ),
    ]),
  ),
);
