// The report load with all that an operator does beside it (optimize, bulk ingestion, changes of the limit, open pages) against a running
// server; says which leak verdicts the server reached meanwhile, and fails when one was confirmed:
//   node --import tsx bench/leaks/report-load.mjs --url http://127.0.0.1:3000 --key KEY [--minutes 30] [--record FILE.ndjson.gz]
// With --record the samples are kept, for `npm run bench:leaks -- --replay FILE.ndjson.gz`. Record at HEADROOM_SAMPLE_SECONDS=1.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "@playwright/test";
import { CHROMIUM_FLAGS, chromiumPath } from "../../e2e/support/chromium.ts";
import { writeRecording } from "./recording.ts";

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const url = option("url", "http://127.0.0.1:3000");
const key = option("key", process.env.HEADROOM_OPERATOR_KEY ?? "");
const minutes = Number(option("minutes", "30"));
const rate = option("rate", "50");
const record = option("record");
const PAGES = ["/", "/leaks", "/optimizer", "/cache"];
const VECTOR_SIZE = 384;
const ask = async (method, target, body, type = "application/json") => {
  const headers = { authorization: `Bearer ${key}`, ...(body ? { "content-type": type } : {}) };
  const response = await fetch(`${url}${target}`, { method, headers, body }).catch((error) => error);
  if (!(response instanceof Response)) return console.error(`${method} ${target}: ${response}`) ?? null;
  if (!response.ok) console.error(`${method} ${target}: ${response.status} ${(await response.text()).slice(0, 200)}`);
  return response.ok && response.status !== 204 ? response.json() : null;
};

const vectors = (count, round) =>
  Array.from({ length: count }, (_, i) =>
    JSON.stringify({ id: `${round}-${i}`, vector: Array.from({ length: VECTOR_SIZE }, () => Math.random() - 0.5) }),
  ).join("\n");

const setLimit = (memoryLimitMb) => ask("PATCH", "/api/v1/settings", JSON.stringify({ memoryLimitMb }));

/** What is done in each minute of ten, so that all of it comes thrice in half an hour. */
const acts = [
  () => ask("POST", "/monitoring/memory/optimize", "{}"),
  () =>
    ask(
      "POST",
      "/api/v1/streams?target=vectors:leaks-load&format=ndjson&wait=1",
      vectors(3000, 1),
      "application/x-ndjson",
    ),
  null,
  () => setLimit(300),
  () => setLimit(1024),
  () => ask("POST", "/monitoring/memory/optimize", "{}"),
  async (round) => {
    for (let i = 0; i < 20; i++) {
      const text = Array.from({ length: 400 }, (_, k) => `word${(k * 7 + i * round) % 997}`).join(" ");
      await ask("PUT", `/api/v1/rag/documents/doc-${round}-${i}`, JSON.stringify({ text, source: "load" }));
    }
  },
  () => ask("DELETE", "/api/v1/collections/leaks-load/points/1-1"),
  null,
  () => ask("POST", "/api/v1/cache/purge", JSON.stringify({ all: true })),
];

await setLimit(1024);
await ask("PUT", "/api/v1/collections/leaks-load", JSON.stringify({ dimensions: VECTOR_SIZE, metric: "cosine" }));
const load = spawn(
  process.execPath,
  [
    "--import",
    "tsx",
    "bench/workloads/report.ts",
    "--url",
    url,
    "--key",
    key,
    "--rate",
    rate,
    "--seconds",
    String(minutes * 60),
    "--json",
  ],
  { cwd: path.resolve(import.meta.dirname, "../.."), stdio: ["ignore", "ignore", "inherit"] },
);
const executablePath = chromiumPath();
const browser = await chromium.launch({ args: CHROMIUM_FLAGS, ...(executablePath ? { executablePath } : {}) });
const context = await browser.newContext({ baseURL: url });
await context.request.post("/api/v1/auth/sign-in", { data: { key }, headers: { origin: url }, timeout: 0 });
for (const page of PAGES) await (await context.newPage()).goto(page, { waitUntil: "commit", timeout: 0 });

const samples = [];
const startedAt = new Date().toISOString();
const collect = async () => {
  for (;;) {
    const after = samples.at(-1)?.sequence;
    const where = after === undefined ? `from=${encodeURIComponent(startedAt)}` : `afterSequence=${after}`;
    const history = await ask("GET", `/monitoring/memory/history?${where}`);
    samples.push(...(history?.samples ?? []).filter((s) => s.sequence !== undefined));
    if (!history?.truncated) return;
  }
};
for (let minute = 0; minute < minutes; minute++) {
  const began = Date.now();
  await acts[minute % acts.length]?.(Math.floor(minute / acts.length) + 1);
  await collect();
  keep();
  await sleep(Math.max(0, 60_000 - (Date.now() - began)));
}
await collect();
keep();
await browser.close();
load.kill();

function keep() {
  if (!record || samples.length === 0) return;
  const about = `The report load at ${rate} requests/s, recorded over ${minutes} min by report-load.mjs. Bytes are in KiB.`;
  writeFileSync(record, writeRecording(about, samples));
}

const { items } = await ask("GET", "/monitoring/memory/leaks/history?limit=100");
const changes = items.filter((v) => v.source === null && v.at >= startedAt).reverse();
for (const v of changes) console.log(`${v.at} ${v.state} ${v.suspects.map((s) => s.series).join("+")}`);
const confirmed = changes.filter((v) => v.state === "confirmed").length;
console.log(
  `${samples.length} samples in ${minutes} min, ${changes.length} changes of verdict, ${confirmed} confirmed`,
);
process.exitCode = confirmed > 0 ? 1 : 0;
