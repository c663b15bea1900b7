import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import type { MemorySample } from "../../lib/contracts/memory.ts";
import { runToEnd } from "../support/run-to-end.ts";
import { OPERATOR_KEY, TestServer } from "../support/server.ts";

const projectDir = path.resolve(import.meta.dirname, "../..");

const newDatabase = () => `file:${path.join(mkdtempSync(path.join(tmpdir(), "headroom-e2e-")), "headroom.db")}`;

test("a wrong value ends the start with one line that names it, what it got and what it takes", async () => {
  for (const [name, value, takes] of [
    ["PORT", "eighty", "a port"],
    ["HEADROOM_MEMORY_LIMIT_MB", "1", "a number from 128"],
    ["HEADROOM_DOOR", "side", "direct or next"],
    ["HEADROOM_DATABASE_URL", "mysql://x", "file:"],
  ] as const) {
    const { code, stderr } = await runToEnd({ HEADROOM_DATABASE_URL: newDatabase(), [name]: value });
    expect(code).toBe(1);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(`${name}: got `);
    expect(stderr).toContain(takes);
  }
});

test("T68: a second server on the same database, or port, ends with one clear line and leaves the first unharmed", async () => {
  const first = await TestServer.start();
  const { port } = new URL(first.url);
  const database = `file:${path.join(first.dir, "headroom.db")}`;
  const sameDatabase = await runToEnd({ PORT: "0", HEADROOM_DATABASE_URL: database });
  expect(sameDatabase).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^Headroom cannot start: another Headroom server is using the database .*\n$/),
  });
  const samePort = await runToEnd({ PORT: port, HEADROOM_DATABASE_URL: newDatabase() });
  expect(samePort).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^Headroom cannot start: 127\.0\.0\.1:\d+ is already in use; set PORT to another port\n$/,
    ),
  });
  expect((await first.get("/monitoring/memory")).status).toBe(200);
  expect((await first.send("PATCH", "/api/v1/settings", { maxSessions: 123 })).status).toBe(200);
  await first.remove();
});

test("after a restart, kill -9 included, sequences go on, history and settings are there, and the boot is another", async () => {
  const env = { HEADROOM_SAMPLE_SECONDS: "0.2" };
  const first = await TestServer.start({ env });
  const list = async (server: TestServer) =>
    ((await (await server.get("/monitoring/memory/history")).json()) as { samples: MemorySample[] }).samples;
  await first.send("PATCH", "/api/v1/settings", { maxSessions: 123 });
  await expect.poll(async () => (await list(first)).length).toBeGreaterThan(5);
  const before = await list(first);
  await first.stop("SIGKILL");
  const second = await TestServer.start({ env, dir: first.dir });
  await expect.poll(async () => (await list(second)).length).toBeGreaterThan(before.length);
  const after = await list(second);
  expect(after.slice(0, before.length)).toEqual(before);
  const sequences = after.map(({ sequence }) => sequence);
  expect(sequences).toEqual(sequences.map((_, index) => 1 + index));
  expect(new Set(after.map(({ bootId }) => bootId)).size).toBe(2);
  expect(new Set(after.map(({ nodeId }) => nodeId)).size).toBe(1);
  expect(await (await second.get("/api/v1/settings")).text()).toContain('"name":"maxSessions","value":123');
  await second.remove();
});

test("the first start makes an operator key and prints its sign-in link once", async () => {
  const first = await TestServer.start({ env: { HEADROOM_OPERATOR_KEY: "" } });
  const key = /sign-in#key=(\S+)/.exec(first.output)?.[1] ?? "";
  expect((await first.get("/monitoring/memory", { authorization: `Bearer ${decodeURIComponent(key)}` })).status).toBe(
    200,
  );
  await first.stop();
  const second = await TestServer.start({ env: { HEADROOM_OPERATOR_KEY: "" }, dir: first.dir });
  expect(second.output).not.toContain("key");
  expect((await second.get("/monitoring/memory", { authorization: `Bearer ${decodeURIComponent(key)}` })).status).toBe(
    200,
  );
  await second.remove();
});

/** Requests in a loop over kept-alive connections until new connections are refused; counts those accepted and failed. */
async function load(url: string, connections: number): Promise<{ answered: number; failed: string[] }> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const failed: string[] = [];
  let answered = 0;
  const one = () =>
    new Promise<boolean>((resolve) => {
      const request = http.get(
        `${url}/monitoring/memory`,
        { agent, headers: { authorization: `Bearer ${OPERATOR_KEY}` } },
        (response) => {
          response.resume();
          response.on("end", () => {
            answered += 1;
            if (response.statusCode !== 200) failed.push(String(response.statusCode));
            resolve(true);
          });
          response.on("error", (error) => {
            failed.push(error.message);
            resolve(false);
          });
        },
      );
      request.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "ECONNREFUSED") failed.push(error.code ?? error.message);
        resolve(false);
      });
    });
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (await one());
    }),
  );
  agent.destroy();
  return { answered, failed };
}

test("T66: SIGTERM to npm's pid under load fails no accepted request, exits 0 and leaves no process", async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "headroom-e2e-"));
  const npm = spawn("npm", ["start", "--silent"], {
    cwd: projectDir,
    detached: true,
    env: {
      ...process.env,
      PORT: "0",
      HEADROOM_OPERATOR_KEY: OPERATOR_KEY,
      HEADROOM_DATABASE_URL: `file:${dir}/headroom.db`,
    },
  });
  let output = "";
  npm.stdout.on("data", (chunk) => {
    output += chunk;
  });
  // It builds first where sources are newer than the build.
  await expect.poll(() => /ready at (\S+)/.exec(output)?.[1], { timeout: 600_000 }).toBeTruthy();
  const url = /ready at (\S+)/.exec(output)?.[1] ?? "";
  const running = load(url, 20);
  await expect
    .poll(async () => (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${OPERATOR_KEY}` } })).text())
    .toMatch(/route="\/monitoring\/memory",method="GET",status="200",door="direct"\} \d{3,}/);
  const ended = new Promise<number | null>((resolve) => npm.once("exit", resolve));
  npm.kill("SIGTERM");
  const [code, { answered, failed }] = await Promise.all([ended, running]);
  expect(failed).toEqual([]);
  expect(answered).toBeGreaterThan(100);
  expect(code).toBe(0);
  // The group that npm led is empty.
  expect(() => process.kill(-(npm.pid ?? 0), 0)).toThrow("ESRCH");
});

test("a slow request holds shutting down up to its end, and a second signal ends it at once", async () => {
  const server = await TestServer.start();
  const { hostname, port } = new URL(server.url);
  const slow = net.connect(Number(port), hostname);
  slow.write(
    `PATCH /api/v1/settings HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${OPERATOR_KEY}\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n{"maxSess`,
  );
  await expect.poll(async () => (await server.get("/livez")).status).toBe(200);
  server.process.kill("SIGTERM");
  let answer = "";
  slow.on("data", (chunk) => {
    answer += chunk;
  });
  await expect.poll(() => server.output).toContain("shutting down");
  slow.write('ions":301}');
  await expect.poll(() => answer).toContain("200 OK");
  expect(await server.ended()).toBe(0);

  const other = await TestServer.start();
  const stuck = net.connect(Number(new URL(other.url).port), hostname);
  stuck.on("error", () => undefined);
  stuck.write("PATCH /api/v1/settings HTTP/1.1\r\nHost: x\r\nContent-Length: 19\r\n\r\n{");
  await expect.poll(async () => (await other.get("/livez")).status).toBe(200);
  other.process.kill("SIGTERM");
  await expect.poll(() => other.output).toContain("shutting down");
  expect(await other.stop("SIGTERM")).toBe(1);
});
