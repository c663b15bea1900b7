// 100,000 sessions and 256 MB of responses that do not compress, offered to a server with a limit of 400 MB:
// does usage stay under the limit, does a run reach its target, is the dry run right, does every session still answer?
// `node scripts/build.mjs && node bench/pressure/limit.mjs [--sessions 100000] [--cache-mb 256] [--limit-mb 400]
//   [--target 0.5] [--bodies random|text] [--connections 32]`
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { randomFrom } from "../gc/report-workload.mjs";
import { Client, percentile, RssWatch, rssOf } from "./client.mjs";
import { KEY, startServer } from "./start-server.mjs";

const { values: options } = parseArgs({
  options: {
    sessions: { type: "string", default: "100000" },
    "cache-mb": { type: "string", default: "256" },
    "limit-mb": { type: "string", default: "400" },
    "max-sessions": { type: "string" },
    "sessions-max-mb": { type: "string" },
    target: { type: "string", default: "0.5" },
    bodies: { type: "string", default: "random" },
    connections: { type: "string", default: "32" },
  },
});
const MIB = 2 ** 20;
const BODY_BYTES = 20_000;
const SESSIONS = Number(options.sessions);
const BODIES = Math.floor((Number(options["cache-mb"]) * MIB) / BODY_BYTES);
const LIMIT = Number(options["limit-mb"]) * MIB;
const TARGET = Number(options.target);
const mib = (bytes) => `${(bytes / MIB).toFixed(1)} MiB`;
const share = (bytes) => `${((100 * bytes) / LIMIT).toFixed(1)} %`;

const server = await startServer({
  HEADROOM_MEMORY_LIMIT_MB: options["limit-mb"],
  HEADROOM_CACHE_MAX_MB: "300",
  HEADROOM_CACHE_MAX_ENTRIES: "20000",
  HEADROOM_CACHE_TTL_SECONDS: "3600",
  HEADROOM_SAMPLE_SECONDS: "1",
  ...(options["max-sessions"] ? { HEADROOM_MAX_SESSIONS: options["max-sessions"] } : {}),
  ...(options["sessions-max-mb"] ? { HEADROOM_SESSIONS_MAX_MB: options["sessions-max-mb"] } : {}),
});
const client = new Client({ port: server.port, key: KEY, connections: Number(options.connections) });
const watch = new RssWatch(server.pid);
const failures = [];
const require = (claim, held, figures) => {
  console.log(`${held ? "ok  " : "FAIL"}  ${claim}: ${figures}`);
  if (!held) failures.push(claim);
};

const sessionData = (at) => ({
  user: `user-${at}`,
  turns: Array.from({ length: 6 }, (_, turn) => ({
    role: turn % 2 ? "assistant" : "user",
    text: `turn ${turn} of ${at}: ${"memory is bounded ".repeat(12)}`,
  })),
});

/** Bytes that do not compress, or text that does, about four to one. */
function newBody(at) {
  if (options.bodies === "random") return randomBytes(BODY_BYTES);
  const random = randomFrom(at);
  return Buffer.from(
    Array.from({ length: BODY_BYTES / 8 }, () => `${Math.floor(random() * 5000)}`.padEnd(7)).join(" "),
  );
}

/** Sends until it is taken, waiting as long as the server asks: a 503 is not a loss. */
async function send(counts, method, path, body, headers) {
  for (;;) {
    const answer = await client.send(method, path, body, headers);
    if (answer.status !== 503) {
      counts[answer.status] = (counts[answer.status] ?? 0) + 1;
      return answer;
    }
    counts[503] = (counts[503] ?? 0) + 1;
    await new Promise((done) => setTimeout(done, 1000 * Number(answer.headers["retry-after"] ?? 1)));
  }
}

try {
  console.log(`limit ${mib(LIMIT)}, idle RSS ${mib(rssOf(server.pid))}`);
  const startedAt = performance.now();
  const ids = new Array(SESSIONS);
  const sessionCounts = {};
  const cacheCounts = {};
  await client.each(SESSIONS + BODIES, async (at) => {
    // Sessions and responses arrive mixed, as they would.
    const body = Math.floor((at * BODIES) / (SESSIONS + BODIES));
    const isBody = Math.floor(((at + 1) * BODIES) / (SESSIONS + BODIES)) > body;
    if (isBody) {
      await send(cacheCounts, "PUT", `/api/v1/cache/body-${body}`, newBody(body), {
        "content-type": options.bodies === "text" ? "text/plain" : "application/octet-stream",
      });
    } else {
      const session = at - body;
      const { status, body: answer } = await send(sessionCounts, "POST", "/api/v1/sessions", {
        data: sessionData(session),
      });
      if (status === 201) ids[session] = JSON.parse(answer.toString("utf8")).id;
    }
  });
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(
    `offered in ${seconds.toFixed(1)} s: sessions ${JSON.stringify(sessionCounts)}, responses ${JSON.stringify(cacheCounts)}`,
  );
  require("usage never passes the limit while filling", watch.peakBytes <=
    LIMIT, `peak ${mib(watch.peakBytes)} (${share(watch.peakBytes)})`);

  const { value: report } = await client.json("GET", "/monitoring/memory");
  console.log(
    `breakdown: ${report.sample.breakdown.map(({ component, bytes }) => `${component} ${mib(bytes)}`).join(", ")}`,
  );

  const { value: dry } = await client.json("POST", "/monitoring/memory/optimize", {
    targetRatio: TARGET,
    dryRun: true,
  });
  // Two at once: the second joins the first.
  const [{ value: run }, { value: joined }] = await Promise.all(
    [1, 2].map(() => client.json("POST", "/monitoring/memory/optimize", { targetRatio: TARGET })),
  );
  require("two calls at once are one run", joined.id === run.id, `${run.id} and ${joined.id}`);
  for (const step of run.steps) {
    const predicted = dry.steps.find((other) => other.step === step.step)?.predictedFreedBytes ?? 0;
    console.log(
      `  ${step.step.padEnd(20)} dry ${mib(predicted).padStart(10)}  freed ${mib(step.freedBytes).padStart(10)}  items ${String(step.items).padStart(7)}  ${step.durationMs.toFixed(0)} ms, longest pause ${step.longestPauseMs.toFixed(1)} ms`,
    );
  }
  const used = rssOf(server.pid);
  require("a run reaches its target or says why not", used <= TARGET * LIMIT * 1.02 ||
    run.note !==
      null, `${mib(run.before.usedBytes)} → ${mib(run.after.usedBytes)} (${share(run.after.usedBytes)}), outside ${mib(used)}; ${run.note ?? "no note"}`);
  require("the dry run is within 15 % of the run", Math.abs(dry.freedBytes - run.freedBytes) <=
    0.15 * run.freedBytes, `${mib(dry.freedBytes)} and ${mib(run.freedBytes)}`);
  require("the system gets back at least half of what the stores gave", run.rssFreedBytes >=
    run.freedBytes / 2, `${mib(run.rssFreedBytes)} of ${mib(run.freedBytes)}`);
  const ledgerFell = run.before.storeBytes - run.after.storeBytes;
  require("what the stores say they freed is within 10 % of what the ledger lost", Math.abs(
    run.freedBytes / ledgerFell - 1,
  ) <= 0.1, `${mib(run.freedBytes)} and ${mib(ledgerFell)}`);
  // The system also sees memory go that no store held: garbage, and what V8 and the allocator kept. Those steps tell what RSS fell by.
  const freedBy = (name) => run.steps.find(({ step }) => step === name)?.freedBytes ?? 0;
  const given = run.freedBytes + freedBy("collect") + freedBy("trim");
  require("what stores, collection and allocator freed is within 10 % of what the system saw", Math.abs(
    run.rssFreedBytes / given - 1,
  ) <=
    0.1, `${mib(run.freedBytes)} + ${mib(freedBy("collect"))} + ${mib(freedBy("trim"))} and ${mib(run.rssFreedBytes)}`);
  const pauses = run.steps.filter(({ step }) => step !== "collect").map(({ longestPauseMs }) => longestPauseMs);
  require("no step but the collection holds the loop for more than 50 ms", Math.max(0, ...pauses) <=
    50, `${Math.max(0, ...pauses).toFixed(1)} ms`);

  const latencies = [];
  const readCounts = {};
  let lost = 0;
  await client.each(SESSIONS, async (at) => {
    if (!ids[at]) return;
    const sentAt = performance.now();
    const { status, body } = await send(readCounts, "GET", `/api/v1/sessions/${ids[at]}`);
    latencies.push(performance.now() - sentAt);
    if (status !== 200 || JSON.parse(body.toString("utf8")).data.user !== `user-${at}`) lost += 1;
  });
  latencies.sort((a, b) => a - b);
  const kept = ids.filter(Boolean).length;
  require("every session still answers", lost === 0 &&
    kept ===
      SESSIONS, `${kept - lost} of ${SESSIONS}, answers ${JSON.stringify(readCounts)}; p50 ${percentile(latencies, 0.5).toFixed(1)} ms, p99 ${percentile(latencies, 0.99).toFixed(1)} ms`);
  require("usage never passes the limit at all", watch.peakBytes <=
    LIMIT, `peak ${mib(watch.peakBytes)} (${share(watch.peakBytes)})`);
  const { value: runs } = await client.json("GET", "/monitoring/memory/optimizations?limit=500");
  console.log(
    `runs: ${runs.items.map(({ trigger, freedBytes, note }) => `${trigger} ${mib(freedBytes)}${note ? ` (${note})` : ""}`).join("; ")}`,
  );
} finally {
  watch.stop();
  client.close();
  if (server.exited()) console.log(server.output().slice(-2000));
  await server.stop();
}
process.exitCode = failures.length > 0 ? 1 : 0;
