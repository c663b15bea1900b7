/**
 * 100,000 sessions of 2 KB over HTTP against a server that keeps 500 in memory:
 * node --import tsx bench/memory/hundred-thousand.ts [--sessions 100000]
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import Libsql from "libsql";
import { OPERATOR_KEY, TestServer } from "../../e2e/support/server.ts";
import { median } from "../../lib/shared/median.ts";
import { HttpClient, inParallel } from "./http-client.ts";
import { seeded, sessionData } from "./session-data.ts";

const { values } = parseArgs({ options: { sessions: { type: "string", default: "100000" } } });
const SESSIONS = Number(values.sessions);
const WARM_UP = 2_000;
const SAMPLED = 200;
const MB = 1024 * 1024;

interface Stats {
  store: string;
  items: number;
  spilledItems: number;
  bytes: number;
}

const server = await TestServer.start({ env: { HEADROOM_LOG_LEVEL: "warn" } });
const client = new HttpClient(server.url, 32, { authorization: `Bearer ${OPERATOR_KEY}` });
const random = seeded(7);
const bodies = Array.from({ length: 512 }, () => JSON.stringify({ data: sessionData(random) }));
const bodyOf = (i: number) => bodies[i % bodies.length] ?? "";

const rssMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]) / 1024;
async function stats(): Promise<Stats> {
  const { stores } = JSON.parse((await client.send("GET", "/monitoring/memory")).body.toString()) as {
    stores: Stats[];
  };
  const found = stores.find(({ store }) => store === "sessions");
  if (!found) throw new Error("the report has no sessions");
  return found;
}

const ids: string[] = [];
let mostItems = 0;
let mostRssMb = 0;
const latencies: number[] = [];
async function create(i: number): Promise<void> {
  const startedAt = performance.now();
  const { status, body } = await client.send("POST", "/api/v1/sessions", bodyOf(i));
  if (status !== 201) throw new Error(`session ${i}: ${status} ${body}`);
  latencies.push(performance.now() - startedAt);
  ids[i] = (JSON.parse(body.toString()) as { id: string }).id;
  if (i % 1_000 !== 0) return;
  mostItems = Math.max(mostItems, (await stats()).items);
  mostRssMb = Math.max(mostRssMb, rssMb());
}

await inParallel(WARM_UP, 32, create);
const warmRssMb = rssMb();
mostRssMb = warmRssMb;
const startedAt = performance.now();
await inParallel(SESSIONS - WARM_UP, 32, (i) => create(WARM_UP + i));
const seconds = (performance.now() - startedAt) / 1000;
const fullRssMb = rssMb();

let right = 0;
for (let k = 0; k < SAMPLED; k++) {
  const i = Math.floor((k / SAMPLED) * Math.min(20_000, SESSIONS - 600));
  const { status, body } = await client.send("GET", `/api/v1/sessions/${ids[i]}`);
  const { data } = JSON.parse(body.toString()) as { data: unknown };
  if (status === 200 && JSON.stringify({ data }) === bodyOf(i)) right++;
}
mostItems = Math.max(mostItems, (await stats()).items);

const victim = ids[Math.floor(SESSIONS / 2)] ?? "";
const database = new Libsql(path.join(server.dir, "headroom.db"));
database.exec("PRAGMA busy_timeout = 5000");
const { changes } = database.prepare('DELETE FROM "Session" WHERE "id" = ?').run([victim]);
database.close();
const { status: afterDeletion } = await client.send("GET", `/api/v1/sessions/${victim}`);
const final = await stats();

process.stdout.write(
  `${JSON.stringify(
    {
      sessions: SESSIONS,
      createsPerSecond: Math.round((SESSIONS - WARM_UP) / seconds),
      createP50Ms: Number(median(latencies).toFixed(2)),
      mostItemsInMemory: mostItems,
      spilledItems: final.spilledItems,
      poolKb: Math.round(final.bytes / 1024),
      rssMb: { afterWarmUp: warmRssMb, most: mostRssMb, atTheEnd: fullRssMb, grownBy: fullRssMb - warmRssMb },
      earlySessionsThatAnswer: `${right} of ${SAMPLED}`,
      rowDeletedThenGet: [changes, afterDeletion],
      databaseMb: Math.round(readFileSync(path.join(server.dir, "headroom.db")).length / MB),
    },
    null,
    2,
  )}\n`,
);
client.close();
await server.remove();
