/**
 * Sessions held by the baseline (live objects) and by us, over HTTP, on the same requests, interleaved:
 * node --import tsx bench/memory/sessions.ts [--rounds 3] [--items 5000]
 *
 * "Same items": both hold all of `--items`. "As configured": the baseline without bounds, ours with its 500.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { OPERATOR_KEY } from "../../e2e/support/server.ts";
import { HttpClient, inParallel, median } from "./http-client.ts";
import { seeded, sessionData } from "./session-data.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, items: { type: "string", default: "5000" } },
});
const ITEMS = Number(values.items);
const READS = 2_000;
const projectDir = path.resolve(import.meta.dirname, "../..");
const preload = path.join(import.meta.dirname, "collect-on-signal.mjs");

interface Variant {
  name: string;
  args: string[];
  env: Record<string, string>;
}

const ours = (name: string, env: Record<string, string> = {}): Variant => ({
  name,
  args: ["dist/server.js"],
  env: { HEADROOM_MAX_SESSIONS: String(ITEMS), HEADROOM_LOG_LEVEL: "warn", HEADROOM_SESSIONS_MAX_MB: "256", ...env },
});
const BASELINE: Variant = { name: "baseline", args: ["bench/baseline/server.mjs", "--kind", "naive"], env: {} };
const VARIANTS: readonly Variant[] = [
  BASELINE,
  ours("ours"),
  ours("ours without packing", { HEADROOM_SESSION_PACKING: "off" }),
  ours("ours without hot tier", { HEADROOM_SESSION_HOT_TIER: "off" }),
  ours("ours as configured", { HEADROOM_MAX_SESSIONS: "500", HEADROOM_SESSIONS_MAX_MB: "64" }),
];

interface Held {
  heapUsed: number;
  external: number;
  rss: number;
}

class Server {
  readonly child: ChildProcess;
  readonly client: HttpClient;
  #output: string;
  readonly #dir: string;

  private constructor(child: ChildProcess, client: HttpClient, output: string, dir: string) {
    this.child = child;
    this.client = client;
    this.#output = output;
    this.#dir = dir;
    child.stdout?.on("data", (chunk: Buffer) => {
      this.#output += chunk;
    });
  }

  static async start({ args, env }: Variant): Promise<Server> {
    const dir = mkdtempSync(path.join(tmpdir(), "headroom-bench-"));
    const child = spawn(process.execPath, ["--expose-gc", "--import", preload, ...args], {
      cwd: projectDir,
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        NODE_ENV: "production",
        PORT: "0",
        HEADROOM_OPERATOR_KEY: OPERATOR_KEY,
        HEADROOM_DATABASE_URL: `file:${path.join(dir, "headroom.db")}`,
        ...env,
      },
    });
    let output = "";
    const url = await new Promise<string>((resolve, reject) => {
      const read = (chunk: Buffer) => {
        output += chunk;
        const ready = /ready at (\S+)/.exec(output)?.[1];
        if (!ready) return;
        child.stdout?.off("data", read);
        resolve(ready);
      };
      child.stdout?.on("data", read);
      child.once("exit", (code) => reject(new Error(`${args.join(" ")} ended with ${code}\n${output}`)));
    });
    return new Server(child, new HttpClient(url, 8, { authorization: `Bearer ${OPERATOR_KEY}` }), output, dir);
  }

  async held(): Promise<Held> {
    this.#output = "";
    this.child.kill("SIGUSR2");
    for (;;) {
      const text = /HELD (.*)\n/.exec(this.#output)?.[1];
      if (text) return JSON.parse(text);
      await pause(20);
    }
  }

  /** What our pool says that it holds; the baseline has nobody to ask. */
  async claimedBytes(): Promise<number> {
    const { status, body } = await this.client.send("GET", "/monitoring/memory");
    if (status !== 200) return 0;
    const { stores } = JSON.parse(body.toString()) as { stores?: { store: string; bytes: number }[] };
    return stores?.find(({ store }) => store === "sessions")?.bytes ?? 0;
  }

  async stop(): Promise<void> {
    this.client.close();
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGTERM");
    await ended;
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Result {
  heldBytes: number;
  rssBytes: number;
  processRssBytes: number;
}

const random = seeded(7);
const bodies = Array.from({ length: ITEMS }, () => JSON.stringify({ data: sessionData(random) }));

async function create(server: Server, count: number): Promise<string[]> {
  const ids: string[] = [];
  await inParallel(count, 8, async (i) => {
    const { status, body } = await server.client.send("POST", "/api/v1/sessions", bodies[i % bodies.length]);
    if (status !== 201) throw new Error(`${status} ${body}`);
    ids[i] = (JSON.parse(body.toString()) as { id: string }).id;
  });
  return ids;
}

/** Reads half of which go to a hot tenth; milliseconds each. */
async function read(server: Server, ids: readonly string[], count: number): Promise<number[]> {
  const pick = seeded(count);
  const latencies: number[] = [];
  for (let i = 0; i < count; i++) {
    const id = ids[pick(pick(2) === 0 ? Math.ceil(ids.length / 10) : ids.length)];
    const startedAt = performance.now();
    const { status } = await server.client.send("GET", `/api/v1/sessions/${id}`);
    latencies.push(performance.now() - startedAt);
    if (status !== 200) throw new Error(`a session answered ${status}`);
  }
  return latencies;
}

async function measure(variant: Variant): Promise<Result> {
  const server = await Server.start(variant);
  // The same work first and thrown away, so that code and heap have their size.
  for (const id of await create(server, ITEMS)) await server.client.send("DELETE", `/api/v1/sessions/${id}`);
  await pause(1_500);
  const before = { ...(await server.held()), claimed: await server.claimedBytes() };
  const ids = await create(server, ITEMS);
  await read(server, ids, READS);
  // Until what is idle has been packed, or for half a minute.
  for (let last = -1, turn = 0; turn < 15; turn++) {
    const claimed = await server.claimedBytes();
    if (claimed === last) break;
    last = claimed;
    await pause(2_000);
  }
  const after = { ...(await server.held()), claimed: await server.claimedBytes() };
  await server.stop();
  // Our typed arrays are in `external` and in the claim: counted twice, to our loss.
  const heap = after.heapUsed + after.external - before.heapUsed - before.external;
  return {
    heldBytes: heap + after.claimed - before.claimed,
    rssBytes: after.rss - before.rss,
    processRssBytes: after.rss,
  };
}

/** Latency of reads, both servers up, in alternating blocks. */
async function latency(): Promise<void> {
  const names = ["baseline", "ours"] as const;
  const servers = new Map<string, { server: Server; ids: string[]; p50s: number[] }>();
  for (const name of names) {
    const variant = VARIANTS.find((each) => each.name === name) ?? BASELINE;
    const server = await Server.start(variant);
    servers.set(name, { server, ids: await create(server, 500), p50s: [] });
  }
  await pause(3_000);
  for (const { server, ids } of servers.values()) await read(server, ids, 4_000);
  for (let block = 0; block < 24; block++)
    for (const { server, ids, p50s } of servers.values()) p50s.push(median(await read(server, ids, 400)));
  const figures = names.map((name) => servers.get(name)?.p50s.toSorted((a, b) => a - b) ?? []);
  const [baseline = [], own = []] = figures;
  const shown = (p50s: number[]) =>
    `${median(p50s).toFixed(3)} ms (blocks ${p50s.at(2)?.toFixed(3)}–${p50s.at(-3)?.toFixed(3)})`;
  console.log(`p50 of GET, 24 alternating blocks of 400: baseline ${shown(baseline)}, ours ${shown(own)}`);
  console.log(`ours / baseline: ${(median(own) / median(baseline)).toFixed(3)}`);
  for (const { server } of servers.values()) await server.stop();
}

const results = new Map<string, Result[]>();
for (let round = 0; round < Number(values.rounds); round++) {
  for (const variant of VARIANTS)
    results.set(variant.name, [...(results.get(variant.name) ?? []), await measure(variant)]);
}
const of = (name: string, figure: keyof Result) => median((results.get(name) ?? []).map((each) => each[figure]));
const percent = (name: string, figure: keyof Result) =>
  `${Math.round(100 * (of(name, figure) / of("baseline", figure) - 1))} %`;
console.log(
  `${ITEMS} sessions of ${Math.round(median(bodies.map((body) => body.length)))} B, medians of ${values.rounds} rounds`,
);
console.table(
  Object.fromEntries(
    VARIANTS.map(({ name }) => [
      name,
      {
        "held B/session": Math.round(of(name, "heldBytes") / ITEMS),
        held: percent(name, "heldBytes"),
        "RSS B/session": Math.round(of(name, "rssBytes") / ITEMS),
        "RSS grown": percent(name, "rssBytes"),
        "whole process MB": Math.round(of(name, "processRssBytes") / 1024 / 1024),
      },
    ]),
  ),
);
console.log("The report claims −15…20 % for the API server.");
await latency();
