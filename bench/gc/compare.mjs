// Collections on the report's workload. All contestants run side by side and are asked in turns, 500 steps at a time, so that a
// slow minute of the machine falls on each of them alike; a round begins with fresh processes.
//   same flags:    ours against the same app on lru-cache with live objects (bench/baseline/app-on-lru), and against that one with
//                  sessions kept in the database as well, which is what ours promises
//   flags chosen:  ours with the launcher's flags against ours with Node's defaults
// `npm run build && npm run bench:gc -- [--rounds 3] [--requests 12000] [--warm-up 40000] [--limit-mb 1024]`
import { readdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { buildAppOnLru } from "../baseline/app-on-lru/build.mjs";
import { Client, percentile, rssOf } from "../pressure/client.mjs";
import { KEY, startServer } from "../pressure/start-server.mjs";
import { createWorkload } from "./report-workload.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    requests: { type: "string", default: "12000" },
    "warm-up": { type: "string", default: "40000" },
    "limit-mb": { type: "string", default: "1024" },
  },
});
const ROUNDS = Number(options.rounds);
const REQUESTS = Number(options.requests);
const WARM_UP = Number(options["warm-up"]);
const LIMIT_MB = options["limit-mb"];
const SLICE = 500;

async function gcCounters(client) {
  const { body } = await client.send("GET", "/metrics");
  const read = (pattern) => Number(pattern.exec(body.toString("utf8"))?.[1] ?? 0);
  return {
    minorCount: read(/nodejs_gc_duration_seconds_count\{[^}]*kind="minor"[^}]*\} (\S+)/),
    majorCount: read(/nodejs_gc_duration_seconds_count\{[^}]*kind="major"[^}]*\} (\S+)/),
    pauseMs:
      1000 *
      (read(/nodejs_gc_duration_seconds_sum\{[^}]*kind="minor"[^}]*\} (\S+)/) +
        read(/nodejs_gc_duration_seconds_sum\{[^}]*kind="major"[^}]*\} (\S+)/)),
  };
}

const onLru = await buildAppOnLru();
const app = (environment, script) => () => startServer({ HEADROOM_MEMORY_LIMIT_MB: LIMIT_MB, ...environment }, script);
const DEFAULTS = { HEADROOM_GC_TUNING: "off" };
const OURS = "ours, chosen flags";
const OURS_DEFAULT = "ours, Node's defaults";
const PEERS = {
  "the same app on lru-cache": app({}, onLru),
  "the same, sessions kept in the database": app({ BASELINE_KEEPS_SESSIONS: "1" }, onLru),
};
const CHOICES = {
  [OURS]: app({}),
  ...PEERS,
  [OURS_DEFAULT]: app(DEFAULTS),
};

/** CPU time of a process so far, its threads' included: to the nanosecond, where /proc's own sum counts in hundredths. */
function cpuMsOf(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const spent = tasks.map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]));
  return spent.reduce((sum, ns) => sum + ns, 0) / 1e6;
}

async function begin(start, seed) {
  const server = await start();
  const client = new Client({ port: server.port, key: KEY, connections: 16 });
  const { step, latencies } = await createWorkload(client, seed);
  // Compiling is over (after 6,000 steps it still took a tenth of the CPU), and the young generation as large as it will be.
  await client.each(WARM_UP, step);
  latencies.length = 0;
  return { server, client, step, latencies, before: await gcCounters(client), cpuMs: 0, rss: [] };
}

async function slice(side) {
  const { pid } = side.server;
  const before = cpuMsOf(pid);
  await side.client.each(SLICE, side.step);
  side.cpuMs += cpuMsOf(pid) - before;
  side.rss.push(rssOf(pid) / 2 ** 20);
}

async function figuresOf({ client, latencies, before, cpuMs, rss }) {
  const after = await gcCounters(client);
  latencies.sort((a, b) => a - b);
  const per = (count) => (count * 1000) / latencies.length;
  return {
    "scavenges / 1,000": per(after.minorCount - before.minorCount),
    "major / 1,000": per(after.majorCount - before.majorCount),
    "pause ms / 1,000": per(after.pauseMs - before.pauseMs),
    "CPU ms / 1,000": per(cpuMs),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    "RSS MB": median(rss),
  };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const names = Object.keys(CHOICES);
const results = Object.fromEntries(names.map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  const sides = [];
  try {
    for (const name of names) sides.push(await begin(CHOICES[name], 11 + round));
    for (let at = 0; at < REQUESTS / SLICE; at++) {
      for (const side of at % 2 === 0 ? sides : sides.toReversed()) await slice(side);
    }
    for (const [at, name] of names.entries()) results[name].push(await figuresOf(sides[at]));
  } finally {
    for (const { client, server } of sides) {
      client.close();
      await server.stop();
    }
  }
}

const figure = (name, of) => median(results[name].map((result) => result[of]));
const columns = Object.keys(results[names[0]][0]);
console.table(
  Object.fromEntries(
    names.map((name) => [name, Object.fromEntries(columns.map((of) => [of, Number(figure(name, of).toFixed(2))]))]),
  ),
);

/** Medians over the rounds of a figure's ratio within one round. */
function ratio(name, to, of) {
  return median(results[name].map((result, round) => result[of] / results[to][round][of]));
}
const less = (name, to) => `${(100 * (1 - ratio(name, to, "scavenges / 1,000"))).toFixed(0)} %`;
for (const peer of Object.keys(PEERS)) {
  const [cpu, rss] = ["CPU ms / 1,000", "RSS MB"].map((of) => ratio(OURS, peer, of).toFixed(2));
  console.log(
    `ours / ${peer}, same flags: ${less(OURS, peer)} fewer scavenges (goal 30), CPU ${cpu} (goal 1.02), RSS ${rss} (goal 1.0)`,
  );
}
const p99 = [OURS, OURS_DEFAULT].map((name) => results[name].map((result) => result.p99.toFixed(0)).join(", "));
console.log(
  `chosen flags / Node's defaults: ${less(OURS, OURS_DEFAULT)} fewer scavenges (goal 45), p99 ${p99[0]} against ${p99[1]} ms, ` +
    `RSS +${(figure(OURS, "RSS MB") - figure(OURS_DEFAULT, "RSS MB")).toFixed(0)} MB (goal 40)`,
);
