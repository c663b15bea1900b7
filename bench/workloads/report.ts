/**
 * The report workload against a running server: `npm run load -- --url http://127.0.0.1:3000 --key KEY [--rate 100]
 * [--seconds 60] [--seed 1] [--popularity 1.5] [--only sessions|responses] [--json]`. Ends with 1 when anything failed.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { HttpClient } from "./http-client.ts";
import { seededRandom } from "./random.ts";
import { ReportResponses } from "./report-responses.ts";
import { ReportUsers } from "./report-users.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:3000" },
    key: { type: "string", default: process.env.HEADROOM_OPERATOR_KEY ?? "" },
    rate: { type: "string", default: "100" },
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    popularity: { type: "string", default: "1.5" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

const TICK_MS = 20;
/** Past this many under way the rest is not sent: an overloaded server is measured, not buried. */
const MOST_UNDER_WAY = 512;
const [rate, seconds, seed, popularity] = [values.rate, values.seconds, values.seed, values.popularity].map(Number) as [
  number,
  number,
  number,
  number,
];
if (![rate, seconds, seed, popularity].every((value) => Number.isFinite(value) && value > 0)) {
  throw new RangeError("--rate, --seconds, --seed and --popularity take numbers above 0");
}
const random = seededRandom(seed);
const client = new HttpClient(values.url, values.key);
const users = new ReportUsers(client, random);
const responses = new ReportResponses(client, random, popularity, seed);
let underWay = 0;
let skipped = 0;

/** A run is a day: quiet at its ends, busy in the middle; now and then a burst of three times the rate for half a second. */
function rateAt(elapsedSeconds: number, burst: boolean): number {
  const daily = 0.6 + 0.8 * Math.sin((Math.PI * elapsedSeconds) / seconds) ** 2;
  return rate * daily * (burst ? 3 : 1);
}

function begin(): void {
  if (underWay >= MOST_UNDER_WAY) {
    skipped += 1;
    return;
  }
  const isSession = values.only === undefined ? random() < 0.5 : values.only === "sessions";
  underWay += 1;
  (isSession ? users.act() : responses.ask())
    .catch((error: unknown) => client.fail(String(error)))
    .finally(() => {
      underWay -= 1;
    });
}

const hitRatio = (): number => responses.hits / Math.max(1, responses.hits + responses.misses);

function progress(elapsed: number): void {
  if (values.json) return;
  const line = `${elapsed.toFixed(0)} s of ${seconds}: ${client.requests} requests, hit ratio ${(100 * hitRatio()).toFixed(1)} %, ${client.failures} errors`;
  process.stderr.write(`\r${line.padEnd(78)}`);
}

async function drive(): Promise<void> {
  const startedMs = performance.now();
  let [due, lastMs, reportedMs, burstUntilMs] = [0, startedMs, startedMs, 0];
  for (;;) {
    await sleep(TICK_MS);
    const nowMs = performance.now();
    const elapsed = (nowMs - startedMs) / 1000;
    if (elapsed >= seconds) break;
    if (random() < 0.002) burstUntilMs = nowMs + 500;
    due += (rateAt(elapsed, nowMs < burstUntilMs) * (nowMs - lastMs)) / 1000;
    lastMs = nowMs;
    for (; due >= 1; due -= 1) begin();
    if (nowMs - reportedMs < 1000) continue;
    reportedMs = nowMs;
    progress(elapsed);
  }
  while (underWay > 0) await sleep(TICK_MS);
}

function summary() {
  const latencies = Object.fromEntries(
    [...client.latencies].map(([kind, times]) => {
      const at = (share: number): number => Number(times.quantile(share).toFixed(2));
      return [
        kind,
        { count: times.count, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: Math.round(times.maxMs) },
      ];
    }),
  );
  const { hits, misses, waited } = responses;
  return {
    seed,
    rate,
    seconds,
    popularity,
    requests: client.requests,
    skipped,
    responses: { hits, misses, waited, hitRatio: Number(hitRatio().toFixed(4)) },
    latencies,
    errors: Object.fromEntries(client.errors),
  };
}

await drive();
client.close();
const result = summary();
if (values.json) console.log(JSON.stringify(result));
else {
  process.stderr.write("\n");
  console.log(
    `responses: hit ratio ${(100 * result.responses.hitRatio).toFixed(2)} % of ${result.responses.hits + result.responses.misses}, ${result.responses.waited} waited for another's fill`,
  );
  console.table(result.latencies);
  console.log(client.failures === 0 ? "no errors" : result.errors);
  if (skipped > 0) console.log(`${skipped} not sent: ${MOST_UNDER_WAY} were under way`);
}
process.exitCode = client.failures === 0 ? 0 : 1;
