/** Faults of the disk and the database: ../shared/threats.md, T54–T58. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import Libsql from "libsql";
import { runToEnd } from "../support/run-to-end.ts";
import { TestServer } from "../support/server.ts";
import { expectAlive, expectProblem } from "../support/survival.ts";

const databaseIn = (dir: string) => path.join(dir, "headroom.db");
const message = (text: string) => ({ role: "user", content: text });
const say = (server: TestServer, text: string) =>
  server.send("POST", "/api/v1/conversations/c/messages", message(text));

test("T54: at its disk quota writes are 507 and leave nothing half-written, reads go on, and room that is given is used", async () => {
  const server = await TestServer.start({ env: { HEADROOM_SESSION_DURABILITY: "always" } });
  expect((await server.send("PATCH", "/api/v1/settings", { diskMaxMb: 16 })).status).toBe(200);
  const kept = await server.send("POST", "/api/v1/sessions", { data: "kept" });
  const { id } = (await kept.json()) as { id: string };
  const data = "x".repeat(900_000);
  let refused = 0;
  const acknowledged: string[] = [];
  for (let n = 0; n < 40 && refused < 3; n++) {
    const response = await server.send("POST", "/api/v1/sessions", { data: `${n}:${data}` });
    if (response.status === 201) acknowledged.push(((await response.json()) as { id: string }).id);
    else {
      refused += 1;
      expect(await expectProblem(response, 507)).toBe("storage-full");
    }
  }
  expect(refused).toBe(3);
  expect((await server.get(`/api/v1/sessions/${id}`)).status).toBe(200);
  for (const one of acknowledged) expect((await server.get(`/api/v1/sessions/${one}`)).status).toBe(200);
  const list = (await (await server.get("/api/v1/sessions?limit=500")).json()) as { items: unknown[] };
  expect(list.items).toHaveLength(acknowledged.length + 1);
  for (const one of acknowledged) expect((await server.send("DELETE", `/api/v1/sessions/${one}`)).status).toBe(204);
  await expect.poll(async () => (await server.send("POST", "/api/v1/sessions", { data })).status).toBe(201);
  await expectAlive(server);
  await server.remove();
});

/** A small file system of its own; null where this user may not mount one. */
function mountTmpfs(sizeMb: number): string | null {
  const dir = mkdtempSync(path.join(tmpdir(), "headroom-small-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMb}m`, "tmpfs", dir], { stdio: "ignore" });
    return dir;
  } catch {
    rmSync(dir, { recursive: true });
    return null;
  }
}

test("T54 T55: on a full file system writes are 507 and reads go on until there is room; on a read-only one the start says so", async () => {
  const dir = mountTmpfs(24);
  test.skip(dir === null, "mounting a file system needs root");
  if (dir === null) return;
  const server = await TestServer.start({ dir });
  try {
    expect((await say(server, "before")).status).toBe(201);
    execFileSync("sh", ["-c", `dd if=/dev/zero of=${dir}/ballast bs=64k 2>/dev/null || true`]);
    // What the write-ahead log has room for is still taken.
    const statuses = new Set<number>();
    for (let n = 0; n < 200 && !statuses.has(507); n++) statuses.add((await say(server, "y".repeat(60_000))).status);
    expect([...statuses].every((status) => status === 201 || status === 507)).toBe(true);
    expect(statuses.has(507)).toBe(true);
    expect((await server.get("/api/v1/conversations/c/messages")).status).toBe(200);
    rmSync(path.join(dir, "ballast"));
    await expect.poll(async () => (await say(server, "after")).status).toBe(201);

    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    expect(await server.stop()).toBe(0);
    execFileSync("mount", ["-o", "remount,ro", dir]);
    const { code, stderr } = await runToEnd({ HEADROOM_DATABASE_URL: `file:${databaseIn(dir)}` });
    expect([code, stderr.trim().split("\n")]).toEqual([
      1,
      [expect.stringMatching(/^Headroom cannot start: .*(?:read-only|cannot be read or written)/)],
    ]);
  } finally {
    await server.stop("SIGKILL");
    execFileSync("umount", ["-l", dir]);
  }
});

test("T56: while another process holds the database, a write is 503 with Retry-After, never 500, and then it goes on", async () => {
  const server = await TestServer.start();
  expect((await say(server, "before")).status).toBe(201);
  const other = new Libsql(databaseIn(server.dir));
  other.exec("BEGIN IMMEDIATE");
  const refused = await say(server, "while it is held");
  expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
  expect(await expectProblem(refused, 503)).toBe("storage-unavailable");
  other.exec("ROLLBACK");
  other.close();
  expect((await say(server, "after")).status).toBe(201);
  await expectAlive(server);
  await server.remove();
});

test("T57: a damaged or cut database is moved aside whole, a new one begun, and the log says so", async () => {
  const first = await TestServer.start();
  for (let n = 0; n < 50; n++) await say(first, "z".repeat(5_000));
  await first.stop();
  const { dir } = first;
  const file = databaseIn(dir);
  for (const damage of ["pages", "cut", "header"] as const) {
    const bytes = readFileSync(file);
    if (damage === "pages") bytes.fill(0x5a, 4096 * 2, 4096 * 12);
    if (damage === "header") bytes.fill(0x5a, 0, 100);
    writeFileSync(file, bytes);
    if (damage === "cut") truncateSync(file, 4096 * 3 + 17);
    const damaged = readFileSync(file);
    const before = readdirSync(dir).length;
    const server = await TestServer.start({ dir });
    expect(server.output).toContain("the database is damaged");
    const aside = /"quarantined":"([^"]+)"/.exec(server.output)?.[1] ?? "";
    expect(readFileSync(aside).equals(damaged)).toBe(true);
    expect(readdirSync(dir).length).toBeGreaterThan(before);
    expect((await say(server, "again")).status).toBe(201);
    expect((await server.get("/readyz")).status).toBe(200);
    await server.stop();
  }
  rmSync(dir, { recursive: true });
});

test("T57: a file that no server of ours has used is left alone, and the start ends with one line", async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "headroom-e2e-"));
  const file = path.join(dir, "notes.txt");
  writeFileSync(file, "These are somebody's notes, and no database.\n".repeat(50));
  const before = readFileSync(file);
  const { code, stderr } = await runToEnd({ HEADROOM_DATABASE_URL: `file:${file}` });
  expect([code, stderr.trim().split("\n").length]).toEqual([1, 1]);
  expect(stderr).toContain("Headroom cannot start");
  expect(readFileSync(file).equals(before)).toBe(true);
  rmSync(dir, { recursive: true });
});

test("T58: a database of a newer version is refused with one line, and left as it was", async () => {
  const server = await TestServer.start();
  await server.stop();
  const database = new Libsql(databaseIn(server.dir));
  database
    .prepare(
      `INSERT INTO "_prisma_migrations" (id, checksum, finished_at, migration_name, started_at, applied_steps_count) VALUES ('future', 'x', 1, '29990101000000_future', 1, 1)`,
    )
    .run([]);
  database.close();
  const { code, stderr } = await runToEnd({ HEADROOM_DATABASE_URL: `file:${databaseIn(server.dir)}` });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Headroom cannot start: .*29990101000000_future.*start a newer version\n$/);
  expect(existsSync(databaseIn(server.dir))).toBe(true);
  await server.remove();
});

const orders = (dir: string) => ({
  order: path.join(dir, "order"),
  env: {
    NODE_OPTIONS: `--require ${path.resolve(import.meta.dirname, "../support/database-thread.cjs")}`,
    TEST_DATABASE_THREAD: path.join(dir, "order"),
  },
});

test("T70: while the database thread hangs, requests get 503 with Retry-After, one line says so, and all goes on after it", async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "headroom-e2e-"));
  const { order, env } = orders(dir);
  const server = await TestServer.start({ dir, env });
  const session = await server.send("POST", "/api/v1/sessions", { data: "kept" });
  const { id } = (await session.json()) as { id: string };
  await say(server, "before");
  writeFileSync(order, "hang");
  await expect.poll(() => existsSync(`${order}.hangs`)).toBe(true);
  // Sent to a thread that answers no more: the first finds that out, the second comes when it is known.
  const waited = await say(server, "meanwhile");
  expect(await expectProblem(waited, 503)).toBe("storage-unavailable");
  expect(Number(waited.headers.get("retry-after"))).toBeGreaterThan(0);
  for (const refused of [
    await say(server, "later"),
    await server.get("/api/v1/rag/documents"),
    await server.get("/readyz"),
  ]) {
    expect(await expectProblem(refused, 503)).toBe("storage-unavailable");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  expect((await server.get(`/api/v1/sessions/${id}?peek=1`)).status).toBeLessThan(500);
  expect((await server.get("/livez")).status).toBe(200);
  rmSync(order);
  await expect.poll(async () => (await server.get("/readyz")).status).toBe(200);
  expect((await say(server, "after")).status).toBe(201);
  expect(server.output.split("the database cannot be written to")).toHaveLength(2);
  expect(server.output).toContain("the database is back");
  await server.remove();
});

test("T70: when the database thread dies, the server writes what it acknowledged, says why and ends with 1", async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "headroom-e2e-"));
  const { order, env } = orders(dir);
  const server = await TestServer.start({ dir, env });
  const ids: string[] = [];
  for (let n = 0; n < 50; n++) {
    const made = await server.send("POST", "/api/v1/sessions", { data: { n } });
    ids.push(((await made.json()) as { id: string }).id);
  }
  const exited = new Promise<number | null>((resolve) => server.process.once("exit", resolve));
  writeFileSync(order, "die");
  expect(await exited).toBe(1);
  expect(server.output).toContain("the database thread died");
  expect(server.output).toContain("the thread was told to die");
  const again = await TestServer.start({ dir });
  for (const id of ids) expect((await again.get(`/api/v1/sessions/${id}`)).status).toBe(200);
  await again.remove();
});
