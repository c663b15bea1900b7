// The same requests to a naive process (bench/baseline: Maps of live objects, the limit as its heap) and to ours with
// the limit as its limit: who lives, how much of the limit each uses, and what is lost. Then the report's workload at
// its normal rate on ours. `node scripts/build.mjs && node bench/pressure/naive.mjs [--limit-mb 400]`
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { answerBody, createWorkload, randomFrom, sessionData } from "../gc/report-workload.mjs";
import { Client, RssWatch } from "./client.mjs";
import { KEY, startServer } from "./start-server.mjs";

const { values: options } = parseArgs({
  options: {
    "limit-mb": { type: "string", default: "400" },
    sessions: { type: "string", default: "20000" },
    answers: { type: "string", default: "12000" },
    rate: { type: "string", default: "50" },
    seconds: { type: "string", default: "60" },
  },
});
const LIMIT = Number(options["limit-mb"]) * 2 ** 20;
const SESSIONS = Number(options.sessions);
const ANSWERS = Number(options.answers);
const WARM_UP = 0.2;
const share = (bytes) => `${((100 * bytes) / LIMIT).toFixed(1)} %`;

async function startNaive() {
  const script = resolve(import.meta.dirname, "../baseline/server.mjs");
  const child = spawn(process.execPath, [`--max-old-space-size=${options["limit-mb"]}`, script], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { PATH: process.env.PATH, PORT: "0", NODE_ENV: "production" },
  });
  const port = await new Promise((ready) => {
    child.stdout.on("data", (chunk) => ready(Number(/:(\d+)\s*$/.exec(String(chunk))?.[1])));
  });
  const exited = () => child.exitCode !== null || child.signalCode !== null;
  return { port, pid: child.pid, exited, stop: async () => void child.kill() };
}

/** Sends everything, in the same order to both; a 503 waits as long as it is told and goes again. */
async function fill(server) {
  const client = new Client({ port: server.port, key: KEY, connections: 16 });
  const watch = new RssWatch(server.pid);
  const random = randomFrom(5);
  const counts = { requests: 0, refused: 0, lost: 0 };
  const total = SESSIONS + ANSWERS;
  let afterWarmUp = 0;
  await client.each(total, async (at) => {
    if (server.exited()) {
      counts.lost += 1;
      return;
    }
    const answer = Math.floor((at * ANSWERS) / total);
    const isAnswer = Math.floor(((at + 1) * ANSWERS) / total) > answer;
    for (;;) {
      try {
        const { status, headers } = isAnswer
          ? await client.send("PUT", `/api/v1/cache/answer-${answer}`, answerBody(random, answer), {
              "content-type": "application/json",
            })
          : await client.send("POST", "/api/v1/sessions", { data: sessionData(random, at) });
        counts.requests += 1;
        if (status === 503) {
          counts.refused += 1;
          await new Promise((done) => setTimeout(done, 1000 * Number(headers["retry-after"] ?? 1)));
          continue;
        }
        if (status >= 400) counts.lost += 1;
      } catch {
        counts.lost += 1;
      }
      break;
    }
    if (at > total * WARM_UP) afterWarmUp = Math.max(afterWarmUp, watch.read());
  });
  watch.stop();
  client.close();
  return { ...counts, peakBytes: watch.peakBytes, afterWarmUpBytes: afterWarmUp, died: server.exited() };
}

/** The report's workload, so many steps a second. */
async function normalRate(server) {
  const client = new Client({ port: server.port, key: KEY, connections: 16 });
  const { step, counts } = await createWorkload(client, 3);
  const watch = new RssWatch(server.pid);
  for (let second = 0; second < Number(options.seconds); second++) {
    const due = new Promise((done) => setTimeout(done, 1000));
    await Promise.all(Array.from({ length: Number(options.rate) }, step));
    await due;
  }
  watch.stop();
  client.close();
  return { ...counts, peakBytes: watch.peakBytes };
}

const shown = ({ peakBytes, afterWarmUpBytes, ...counts }) => ({
  ...counts,
  peak: share(peakBytes),
  ...(afterWarmUpBytes === undefined ? {} : { "after warm-up": share(afterWarmUpBytes) }),
});
let failed = 0;
const require = (claim, held) => {
  console.log(`${held ? "ok  " : "FAIL"}  ${claim}`);
  if (!held) failed += 1;
};

const naiveServer = await startNaive();
const naive = await fill(naiveServer);
await naiveServer.stop();
const ourServer = await startServer({
  HEADROOM_MEMORY_LIMIT_MB: options["limit-mb"],
  HEADROOM_CACHE_MAX_MB: "300",
  HEADROOM_CACHE_MAX_ENTRIES: "20000",
  HEADROOM_MAX_SESSIONS: "100000",
  HEADROOM_SESSIONS_MAX_MB: "300",
});
const ours = await fill(ourServer);
await ourServer.stop();
console.log(`limit ${options["limit-mb"]} MB, ${SESSIONS} sessions and ${ANSWERS} answers`);
console.table({ naive: shown(naive), ours: shown(ours) });
const normalServer = await startServer({ HEADROOM_MEMORY_LIMIT_MB: options["limit-mb"] });
const normal = await normalRate(normalServer);
await normalServer.stop();
console.log(`the report's workload at ${options.rate} steps a second for ${options.seconds} s:`, shown(normal));
require("the naive process dies or passes 84 %", naive.died || naive.peakBytes > 0.84 * LIMIT);
require("ours serves the whole run and loses nothing but 503s", !ours.died && ours.lost === 0);
require("ours is at most at 70 % after warm-up", ours.afterWarmUpBytes <= 0.7 * LIMIT);
require("ours is at most at 60 % at the normal rate", normal.peakBytes <= 0.6 * LIMIT && normal.failed === 0);
process.exitCode = failed > 0 ? 1 : 0;
