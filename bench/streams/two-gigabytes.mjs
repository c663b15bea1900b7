// npm run bench:two-gigabytes [-- --mb=2000 --store-mb=100 --only=json --dir=/tmp]: files far larger than memory, sent by curl to the built server with
// a limit of 512 MB, each to nowhere (parsed and counted), then smaller ones into the stores, twice: the second time must change nothing.
// RSS is read every 100 ms and /livez asked every 20 ms from outside. Ends with 1 when a limit is passed.
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { chooseGcFlags, effectiveLimitBytes } from "../../scripts/gc-flags.mjs";
import { writeData } from "./data.mjs";

const KEY = "bench-operator-key-0123456789abcdef";
const text = (fallback) => ({ type: "string", default: fallback });
const { values } = parseArgs({
  options: {
    mb: text("2000"),
    "store-mb": text("100"),
    only: text(""),
    dir: text(tmpdir()),
    "rise-mb": text("100"),
    "livez-p99-ms": text("50"),
  },
});
const LIMITS = { riseMb: Number(values["rise-mb"]), livezP99Ms: Number(values["livez-p99-ms"]) };
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const dir = mkdtempSync(path.join(values.dir, "headroom-large-"));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const rssMb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;

async function startServer(env) {
  const limit = { HEADROOM_MEMORY_LIMIT_MB: "512" };
  const { flags, env: allocator } = chooseGcFlags({ limitBytes: effectiveLimitBytes(limit), environment: limit });
  const child = spawn(process.execPath, [...flags, "dist/server.js"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      ...allocator,
      ...limit,
      ...env,
      NODE_ENV: "production",
      PORT: "0",
      HEADROOM_OPERATOR_KEY: KEY,
      HEADROOM_DATABASE_URL: `file:${path.join(dir, "headroom.db")}`,
    },
  });
  let output = "";
  const url = await new Promise((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      output = (output + chunk).slice(-65_536);
      const ready = /Headroom is ready at (\S+)/.exec(output)?.[1];
      if (ready) resolve(ready);
    });
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${output}`)));
  });
  return { url, pid: child.pid, stop: () => new Promise((resolve) => child.once("exit", resolve) && child.kill()) };
}

async function api(server, target, method = "GET", body = undefined) {
  const response = await fetch(`${server.url}${target}`, {
    method,
    headers: { authorization: `Bearer ${KEY}`, ...(body ? { "content-type": "application/json" } : {}) },
    body: body && JSON.stringify(body),
  });
  return await response.json();
}

/** Watches from outside until stopped. */
function watch(server) {
  const agent = new http.Agent({ keepAlive: true });
  const delays = [];
  const idleMb = rssMb(server.pid);
  let peakMb = idleMb;
  const rss = setInterval(() => {
    peakMb = Math.max(peakMb, rssMb(server.pid));
  }, 100);
  const livez = setInterval(() => {
    const askedMs = performance.now();
    const note = () => delays.push(performance.now() - askedMs);
    http.get(`${server.url}/livez`, { agent }, (response) => response.resume().once("end", note)).once("error", note);
  }, 20);
  return () => {
    clearInterval(rss);
    clearInterval(livez);
    delays.sort((a, b) => a - b);
    const [p50Ms, p99Ms, maxMs] = [0.5, 0.99, 1].map((q) => quantile(delays, q));
    return { idleMb, riseMb: peakMb - idleMb, p50Ms, p99Ms, maxMs };
  };
}

async function send(server, file, query) {
  const target = `${server.url}/api/v1/streams?${query}&wait=1`;
  const { stdout } = await promisify(execFile)("curl", [
    ...["-sS", "-X", "POST", "-T", file, "-H", "Expect:", "-H", `Authorization: Bearer ${KEY}`, target],
  ]);
  return JSON.parse(stdout);
}

const failures = [];
function row(name, megabytes, seconds, job, seen, expected, kept) {
  const checks = {
    completed: job.state === "completed",
    "counts exact": job.records === expected && job.rejected === 0,
    [`RSS rises ≤ ${LIMITS.riseMb} MB`]: seen.riseMb <= LIMITS.riseMb,
    [`/livez p99 < ${LIMITS.livezP99Ms} ms`]: seen.p99Ms < LIMITS.livezP99Ms,
  };
  for (const [what, holds] of Object.entries(checks)) if (!holds) failures.push(`${name}: not ${what}`);
  const cells = [
    (megabytes / seconds).toFixed(0),
    job.records,
    seen.idleMb.toFixed(0),
    seen.riseMb.toFixed(0),
    seen.p50Ms.toFixed(1),
    seen.p99Ms.toFixed(1),
    seen.maxMs.toFixed(1),
    (job.peakBufferedBytes / 1e6).toFixed(2),
    kept,
  ];
  console.log(`${name.padEnd(30)}${cells.map((cell) => String(cell).padStart(11)).join("")}`);
}

async function measure(server, name, file, megabytes, query, expected, count = async () => "") {
  const stop = watch(server);
  const startedMs = performance.now();
  const job = await send(server, file, query);
  const seconds = (performance.now() - startedMs) / 1000;
  const seen = stop();
  const kept = await count();
  row(name, megabytes, seconds, job, seen, expected, kept);
  return kept;
}

async function toNowhere() {
  for (const kind of ["ndjson", "json", "csv", "fvecs"]) {
    if (!`none ${kind}`.includes(values.only)) continue;
    const file = path.join(dir, kind);
    const expected = await writeData(kind, Number(values.mb), file);
    const server = await startServer({});
    await pause(2000);
    try {
      await measure(
        server,
        `${kind}, ${values.mb} MB`,
        file,
        Number(values.mb),
        `target=none&format=${kind}`,
        expected,
      );
    } finally {
      await server.stop();
      rmSync(file);
    }
  }
}

const countSessions = (server) => countPages(server, "/api/v1/sessions");
const countCache = (server) => countPages(server, "/api/v1/cache");

async function countPages(server, list) {
  let count = 0;
  for (let cursor = ""; cursor !== null; ) {
    const page = await api(server, `${list}?limit=500${cursor && `&cursor=${cursor}`}`);
    count += page.items.length;
    cursor = page.nextCursor;
  }
  return count;
}

/** Targets, with what they hold afterwards; the cache keeps what fits, so its items are shown and not compared with what was sent. */
const STORES = {
  vectors: {
    kind: "fvecs",
    query: "target=vectors:large&format=fvecs",
    prepare: (server) => api(server, "/api/v1/collections/large", "PUT", { dimensions: 128, metric: "cosine" }),
    count: async (server) => (await api(server, "/api/v1/collections/large")).items,
  },
  sessions: { kind: "ndjson", query: "target=sessions&format=ndjson", count: countSessions },
  cache: {
    kind: "ndjson",
    query: "target=cache&format=ndjson",
    count: countCache,
  },
};

async function toStores() {
  for (const [name, { kind, query, prepare, count }] of Object.entries(STORES)) {
    if (!name.includes(values.only)) continue;
    const file = path.join(dir, kind);
    const megabytes = Number(values["store-mb"]);
    const expected = await writeData(kind, megabytes, file);
    const server = await startServer({});
    try {
      await prepare?.(server);
      await pause(2000);
      const run = (title) =>
        measure(server, `${name}, ${megabytes} MB, ${title}`, file, megabytes, query, expected, () => count(server));
      const first = await run("sent");
      const again = await run("sent again");
      if (first !== again) failures.push(`${name}: ${first} kept, and ${again} when sent again`);
      if (name !== "cache" && first !== expected) failures.push(`${name}: ${first} kept of ${expected}`);
    } finally {
      await server.stop();
      rmSync(file);
    }
  }
}

const COLUMNS = ["MB/s", "records", "idle MB", "rise MB", "livez p50", "p99 ms", "max ms", "peak MB", "kept"];
try {
  console.log(`${"".padEnd(30)}${COLUMNS.map((name) => name.padStart(11)).join("")}`);
  await toNowhere();
  await toStores();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
for (const failure of failures) console.log(`MISSED ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;
