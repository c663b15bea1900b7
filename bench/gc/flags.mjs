// What each choice of start flags does to collections, pauses, latency and memory, each in a process of its own,
// interleaved round by round: `node bench/gc/flags.mjs [--rounds 3] [--requests 6000] [--json]`.
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    requests: { type: "string", default: "6000" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const ROUNDS = Number(options.rounds);
const REQUESTS = Number(options.requests);
const CONNECTIONS = 16;

const semi = (minimum, maximum = minimum) => [`--min-semi-space-size=${minimum}`, `--max-semi-space-size=${maximum}`];
const CHOICES = {
  default: { flags: [] },
  "max 32": { flags: ["--max-semi-space-size=32"] },
  "16–32": { flags: semi(16, 32) },
  "24–32": { flags: semi(24, 32) },
  "4–4": { flags: semi(4) },
  "8–8": { flags: semi(8) },
  "16–16": { flags: semi(16) },
  "32–32": { flags: semi(32) },
  "48–48": { flags: semi(48) },
  "64–64": { flags: semi(64) },
  "16–16, old 96": { flags: [...semi(16), "--max-old-space-size=96"] },
  "16–16, old 160": { flags: [...semi(16), "--max-old-space-size=160"] },
  "32–32, old 256": { flags: [...semi(32), "--max-old-space-size=256"] },
  "32–32, old 512": { flags: [...semi(32), "--max-old-space-size=512"] },
  "arenas 2": { env: { MALLOC_ARENA_MAX: "2" } },
  "mmap 64 KiB": { env: { MALLOC_MMAP_THRESHOLD_: "65536" } },
  "mmap 128 KiB": { env: { MALLOC_MMAP_THRESHOLD_: "131072" } },
};

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const text = "Retrieval keeps the answer honest; memory keeps it quick. ".repeat(30);

function post(port, id) {
  const body = JSON.stringify({ id, text, tags: Array.from({ length: 20 }, (_, at) => `tag-${at}`), turns: id % 7 });
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const call = request({ port, host: "127.0.0.1", method: "POST", agent }, (response) => {
      response.resume();
      response.on("end", () => resolve(performance.now() - startedAt));
    });
    call.on("error", reject);
    call.end(body);
  });
}

async function drive(port, total) {
  const latencies = [];
  let sent = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (sent < total) latencies.push(await post(port, sent++));
    }),
  );
  return latencies.toSorted((a, b) => a - b);
}

async function measure({ flags = [], env = {} }) {
  const child = fork(fileURLToPath(new URL("./workload.mjs", import.meta.url)), {
    execArgv: flags,
    env: { ...process.env, NODE_OPTIONS: "", ...env },
  });
  const [{ port }] = await once(child, "message");
  child.send("begin");
  const latencies = await drive(port, REQUESTS);
  child.send("report");
  const [report] = await once(child, "message");
  child.kill();
  return { ...report, p50: latencies[Math.floor(REQUESTS * 0.5)], p99: latencies[Math.floor(REQUESTS * 0.99)] };
}

const wanted = Object.entries(CHOICES).filter(([name]) => !options.only || options.only.split(";").includes(name));
const runs = Object.fromEntries(wanted.map(([name]) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  // Each round begins elsewhere, so that a slow minute of the machine does not fall on the same choice each time.
  const order = wanted.map((_, at) => wanted[(at + round) % wanted.length]);
  for (const [name, choice] of order) runs[name].push(await measure(choice));
}
agent.destroy();

const FIGURES = ["minor", "major", "pauseMs", "longestMs", "p50", "p99", "cpuMs", "rssMb", "peakRssMb"];
const table = Object.fromEntries(
  Object.entries(runs).map(([name, results]) => [
    name,
    Object.fromEntries(FIGURES.map((figure) => [figure, Number(median(results.map((r) => r[figure])).toFixed(2))])),
  ]),
);
if (options.json) console.log(JSON.stringify(table, null, 2));
else console.table(table);
