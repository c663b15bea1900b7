/** The process under bad conditions: ../shared/threats.md, T52, T62, T65 and T69. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@playwright/test";
import type { MemorySample } from "../../lib/contracts/memory.ts";
import { TestServer } from "../support/server.ts";
import { expectAlive, expectProblem, openFiles } from "../support/survival.ts";

let server: TestServer;
test.beforeAll(async () => {
  server = await TestServer.start({ env: { HEADROOM_SAMPLE_SECONDS: "0.5" } });
});
test.afterEach(() => expectAlive(server));
test.afterAll(() => server.remove());

const samples = async () =>
  ((await (await server.get("/monitoring/memory/history")).json()) as { samples: MemorySample[] }).samples;

/** Stops the process for a while, as a loop that is blocked would be. */
async function block(ms: number): Promise<void> {
  process.kill(server.pid, "SIGSTOP");
  await sleep(ms);
  process.kill(server.pid, "SIGCONT");
}

test("T52: while the loop is late again and again store requests are 503 with Retry-After; health and monitoring are not", async () => {
  const answers: Promise<Response>[] = [];
  for (let round = 0; round < 8; round++) {
    process.kill(server.pid, "SIGSTOP");
    answers.push(server.get("/api/v1/sessions"), server.get("/livez"), server.get("/monitoring/memory"));
    await sleep(700);
    process.kill(server.pid, "SIGCONT");
    await Promise.all(answers);
  }
  const stores = await Promise.all(answers.filter((_, index) => index % 3 === 0));
  const others = await Promise.all(answers.filter((_, index) => index % 3 !== 0));
  expect(others.map(({ status }) => status)).toEqual(others.map(() => 200));
  const shed = stores.filter(({ status }) => status !== 200);
  expect(shed.length).toBeGreaterThan(0);
  for (const response of shed) {
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await expectProblem(response, 503)).toBe("overloaded");
  }
  expect(await (await server.get("/metrics")).text()).toMatch(/headroom_requests_shed_total [1-9]/);
  await expect.poll(async () => (await server.get("/api/v1/sessions")).status).toBe(200);
});

test("T65: after a stop of 4 s there is one sample for it, not one per period", async () => {
  await expect.poll(async () => (await samples()).length).toBeGreaterThan(2);
  const before = (await samples()).at(-1)?.sequence ?? 0;
  await block(4_000);
  await sleep(300);
  const taken = (await server.get(`/monitoring/memory/history?afterSequence=${before}`)).json();
  // One that may have been due before the stop, and two periods after it at most.
  expect(((await taken) as { samples: unknown[] }).samples.length).toBeLessThanOrEqual(4);
});

test("T62: of 200 that wait for a key one computes at a time, however often it fails, and all get the value in the end", async () => {
  const key = "/api/v1/cache/stampede";
  const first = await server.get(key);
  const token = first.headers.get("x-fill-lease") ?? "";
  expect(token).not.toBe("");
  const computed: string[] = [];
  const waiting = Array.from({ length: 200 }, async () => {
    for (;;) {
      const response = await server.get(`${key}?wait=10000`);
      if (response.status === 200) return response.text();
      const lease = response.headers.get("x-fill-lease");
      if (lease === null) continue;
      computed.push(lease);
      // The first two who take over fail as well.
      if (computed.length <= 2) await server.send("DELETE", key, undefined, { "x-fill-lease": lease });
      else await server.send("PUT", key, "computed", { "content-type": "text/plain", "x-fill-lease": lease });
    }
  });
  await sleep(500);
  await server.send("DELETE", key, undefined, { "x-fill-lease": token });
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(["computed"]));
  expect(computed).toHaveLength(3);
});

test("T69: without a free file descriptor connections wait or fail, the process lives, and it recovers when some are free", async () => {
  const used = openFiles(server.pid);
  const hardLimit = /Max open files\s+\d+\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/limits`, "utf8"))?.[1];
  const limit = (files: number | string) =>
    execFileSync("prlimit", ["--pid", String(server.pid), `--nofile=${files}:`]);
  limit(used + 6);
  const { hostname, port } = new URL(server.url);
  const sockets = Array.from({ length: 64 }, () => {
    const socket = net.connect(Number(port), hostname);
    socket.on("error", () => undefined);
    return socket;
  });
  await sleep(1_000);
  // The bound is on numbers, not on how many there are: some gaps below it were free.
  expect(openFiles(server.pid)).toBeLessThan(used + 20);
  expect(server.process.exitCode).toBeNull();
  for (const socket of sockets) socket.destroy();
  limit(hardLimit ?? 4_096);
  await expect.poll(async () => (await server.get("/livez").catch(() => null))?.status).toBe(200);
  await expect.poll(() => openFiles(server.pid)).toBeLessThanOrEqual(used + 4);
  expect((await server.send("POST", "/api/v1/sessions", { data: 1 })).status).toBe(201);
});
