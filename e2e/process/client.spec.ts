import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";
import { io } from "socket.io-client";
import type * as Client from "../../packages/client/src/index.ts";
import { OPERATOR_KEY, TestServer } from "../support/server.ts";

const packageDir = path.resolve(import.meta.dirname, "../../packages/client");
const LARGEST_GZIP_BYTES = 12 * 1024;

/** The package as `npm i` of its tarball in an empty folder gives it. */
function installPacked(): { folder: string; main: string } {
  const folder = mkdtempSync(path.join(tmpdir(), "headroom-client-"));
  // Scripts of packages are off in this repository, so the build comes before the packing.
  execFileSync(process.execPath, ["../build.mjs", "client"], { cwd: packageDir });
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: packageDir });
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  writeFileSync(path.join(folder, "package.json"), '{ "name": "empty", "private": true, "type": "module" }');
  execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund", "--offline", `./${tarball}`], { cwd: folder });
  return { folder, main: path.join(folder, "node_modules/@headroom/client/dist/index.js") };
}

let installed: ReturnType<typeof installPacked>;
let server: TestServer;
let client: typeof Client;
let headroom: Client.Headroom;

test.beforeAll(async () => {
  installed = installPacked();
  server = await TestServer.start({ env: { HEADROOM_LOG_LEVEL: "warn", HEADROOM_SAMPLE_SECONDS: "1" } });
  client = (await import(pathToFileURL(installed.main).href)) as typeof Client;
  headroom = new client.Headroom({ url: server.url, key: OPERATOR_KEY });
});
test.afterAll(async () => {
  await server.remove();
  rmSync(installed.folder, { recursive: true, force: true });
});

test("the packed client has no dependency, declarations, and at most 12 KiB under gzip", () => {
  const manifest = JSON.parse(
    readFileSync(path.join(installed.folder, "node_modules/@headroom/client/package.json"), "utf8"),
  );
  expect(manifest.dependencies).toBeUndefined();
  expect(readdirSync(path.dirname(installed.main))).toContain("index.d.ts");
  expect(gzipSync(readFileSync(installed.main)).length).toBeLessThanOrEqual(LARGEST_GZIP_BYTES);
});

test("sessions: made, read, changed under a version, listed and ended together", async () => {
  const { sessions } = headroom;
  const made = await sessions.create({ data: { user: "ada" }, tags: ["user:ada"] });
  expect((await sessions.get<{ user: string }>(made.id))?.data.user).toBe("ada");
  const changed = await sessions.replace(made.id, { data: { user: "ada", cart: 1 } }, { ifVersion: made.version });
  await expect(sessions.replace(made.id, { data: 0 }, { ifVersion: made.version })).rejects.toMatchObject({
    name: "PreconditionFailedError",
    code: "version-mismatch",
  });
  expect((await sessions.patch(made.id, { data: { cart: null } })).version).toBe(changed.version + 1);
  const id = "chosen-by-the-caller-0001";
  await sessions.create({ id, data: 1, tags: ["user:ada"], idleTimeoutSeconds: 60 });
  await expect(sessions.create({ id, data: 2 })).rejects.toBeInstanceOf(client.PreconditionFailedError);
  expect((await sessions.touch(id, { idleTimeoutSeconds: 7_200 })).idleTimeoutSeconds).toBe(7_200);
  const found = await sessions.list({ tag: "user:ada", sort: "createdAt", order: "asc", limit: 1 }).all();
  expect(found.map((session) => session.id)).toEqual([made.id, id]);
  expect((await sessions.batch({ get: [id, "nobody-has-this-long-id"] })).results.map(({ status }) => status)).toEqual([
    200, 404,
  ]);
  expect(await sessions.count({ prefix: "chosen-" })).toMatchObject({ count: 1 });
  expect(await sessions.deleteMany({ tag: "user:ada" })).toMatchObject({ removed: 2 });
  expect(await sessions.get(id)).toBeNull();
});

test("cache: one of many callers in two processes computes, and what it stored is purged by tag", async () => {
  const other = new client.Headroom({ url: server.url, key: OPERATOR_KEY });
  let computed = 0;
  const compute = async () => {
    computed += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return { answer: 42 };
  };
  const options = { maxAgeSeconds: 60, tags: ["answers"], meta: "from the model" };
  const all = await Promise.all(
    Array.from({ length: 40 }, (_, at) =>
      (at % 2 ? other : headroom).cache.getOrCompute("question/1 ü", compute, options),
    ),
  );
  expect(computed).toBe(1);
  expect(new Set(all.map((one) => one.text()))).toEqual(new Set(['{"answer":42}']));
  expect(await headroom.cache.get("question/1 ü")).toMatchObject({
    tags: ["answers"],
    meta: "from the model",
    mediaType: "application/json",
  });
  expect(await headroom.cache.set("question/1 ü", "other", { ifAbsent: true })).toBe(false);
  expect(await headroom.cache.purge({ tags: ["answers"] })).toMatchObject({ removed: 1 });
  expect(await headroom.cache.get("question/1 ü")).toBeNull();
});

test("cache: a get that finds nothing is one request, and the next caller computes without waiting for it", async () => {
  const requests: string[] = [];
  const counting = new client.Headroom({
    url: server.url,
    key: OPERATOR_KEY,
    fetch: (input, init) => {
      requests.push(`${init?.method} ${new URL(String(input)).pathname}`);
      return fetch(input, init);
    },
  });
  expect(await counting.cache.get("only looked at")).toBeNull();
  expect(requests).toEqual(["GET /api/v1/cache/only%20looked%20at"]);
  const looked = await server.get("/api/v1/cache/only%20looked%20at");
  expect([looked.headers.has("x-fill-pending"), looked.headers.has("x-fill-lease")]).toEqual([false, true]);
});

test("vectors: written, searched by vector, id and filter, and removed", async () => {
  await headroom.collections.create("c", { dimensions: 3, metric: "cosine", precision: "float32" });
  const points = headroom.collections.use("c");
  const refused = await points.upsert([
    { id: "x", vector: [1, 0, 0], metadata: { lang: "en" } },
    { id: "y", vector: [0, 1, 0], metadata: { lang: "de" } },
    { id: "short", vector: [1] },
  ]);
  expect(refused).toMatchObject({ upserted: 2, results: [{ index: 2, id: "short", status: 422 }] });
  const { matches } = await points.search({ vector: [1, 0.1, 0], k: 2, filter: { lang: { in: ["en", "de"] } } });
  expect(matches.map(({ id }) => id)).toEqual(["x", "y"]);
  expect((await points.search({ id: "x", k: 1 })).matches).toHaveLength(1);
  expect((await points.searchMany([{ vector: [0, 1, 0], k: 1 }])).results).toHaveLength(1);
  expect((await points.list({ filter: { lang: "en" } }).all()).map(({ id }) => id)).toEqual(["x"]);
  await points.patch("x", { metadata: { lang: "fr" } });
  expect((await points.list({ filter: { lang: "fr" } }).all()).map(({ id }) => id)).toEqual(["x"]);
  await points.batch({ delete: ["x"] });
  expect(await points.get("x")).toBeNull();
  expect(await headroom.collections.delete("c")).toBe(true);
});

test("documents and conversations: stored, found, put into a prompt, edited and cut back", async () => {
  const { documents, conversations } = headroom;
  await documents.put("handbook", { text: "The harbour opens at six in the morning.", source: "handbook.md" });
  expect((await documents.query({ query: "when does the harbour open", k: 1 })).matches[0]?.documentId).toBe(
    "handbook",
  );
  expect((await documents.chunks("handbook").all()).length).toBe(1);
  await conversations.put("chat", { title: "Harbour", owner: "ada" });
  await conversations.appendMany("chat", [
    { id: "m1", role: "user", content: "When does it open?" },
    { id: "m2", role: "assistant", content: [{ type: "text", text: "At six." }] },
  ]);
  expect((await conversations.append("chat", { id: "m1", role: "user", content: "When does it open?" })).sequence).toBe(
    1,
  );
  const context = await documents.context({
    query: "harbour",
    conversationId: "chat",
    maxTokens: 500,
    system: "Be brief.",
  });
  expect(context.messages[0]).toMatchObject({ role: "system" });
  await conversations.truncate("chat", { after: "m1", messages: [{ role: "assistant", content: "At seven." }] });
  expect((await conversations.last("chat", 2)).map(({ content }) => content)).toEqual([
    "When does it open?",
    "At seven.",
  ]);
  expect((await conversations.list({ owner: "ada" }).all()).map(({ id }) => id)).toEqual(["chat"]);
  const { data } = await documents.embed({ input: ["a harbour"] });
  expect(data).toHaveLength(1);
  expect(await documents.deleteMany({ source: "handbook.md" })).toMatchObject({ removed: 1 });
});

/** Passes bytes on to the server, and breaks each of the first `breaks` connections after `bytes` of them. */
async function breakingProxy(breaks: number, bytes: number) {
  let left = breaks;
  const target = new URL(server.url);
  const proxy = net.createServer((socket) => {
    const upstream = net.connect(Number(target.port), target.hostname);
    let passed = 0;
    socket.on("data", (chunk) => {
      passed += chunk.length;
      if (passed > bytes && left > 0) {
        left -= 1;
        socket.destroy();
        upstream.destroy();
      } else upstream.write(chunk);
    });
    upstream.on("data", (chunk) => socket.write(chunk));
    socket.on("end", () => upstream.end());
    upstream.on("end", () => socket.end());
    for (const side of [socket, upstream]) side.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address() as net.AddressInfo;
  return { url: `http://127.0.0.1:${address.port}`, broken: () => breaks - left, close: () => proxy.close() };
}

test("streams: an upload whose connection breaks goes on where the server stands, and all of it comes back", async () => {
  const lines = Array.from({ length: 60_000 }, (_, at) =>
    JSON.stringify({ id: `r${at}`, data: { at, text: "x".repeat(100) } }),
  );
  const proxy = await breakingProxy(2, 3_000_000);
  const throughProxy = new client.Headroom({ url: proxy.url, key: OPERATOR_KEY });
  const seen: number[] = [];
  const job = await throughProxy.streams.upload(new Blob([lines.join("\n")]), {
    target: "none",
    format: "ndjson",
    onProgress: ({ bytesRead }) => seen.push(bytesRead),
  });
  proxy.close();
  expect(proxy.broken()).toBe(2);
  expect(job).toMatchObject({ state: "completed", records: 60_000, rejected: 0 });
  const small = new TextEncoder().encode('{"id":"d1","text":"Kept."}\nnot json\n');
  const rag = await headroom.streams.upload(small, { target: "rag", format: "ndjson" });
  expect(rag).toMatchObject({ state: "completed", records: 1, rejected: 1 });
  const rejects: string[] = [];
  for await (const { code } of headroom.streams.rejects(rag.id)) rejects.push(code);
  expect(rejects).toHaveLength(1);
  const exported: unknown[] = [];
  for await (const record of headroom.streams.export("rag")) exported.push(record);
  expect(exported).toEqual([expect.objectContaining({ id: "d1", text: "Kept." })]);
});

test("quotas: set under a version, told with what is used, refused with QuotaError past it, and lifted", async () => {
  const { admin } = headroom;
  const set = await admin.setQuota("small", { items: 1 }, { ifAbsent: true });
  expect(set).toMatchObject({ quota: { bytes: null, items: 1 }, usage: { items: 0 }, version: expect.any(Number) });
  const { sessions } = new client.Headroom({ url: server.url, key: OPERATOR_KEY, namespace: "small" });
  await sessions.create({ data: 1 });
  await expect(sessions.create({ data: 2 })).rejects.toMatchObject({ name: "QuotaError", code: "quota-exceeded" });
  const names: string[] = [];
  for await (const { name } of admin.namespaces({ limit: 1 })) names.push(name);
  expect(names).toEqual(expect.arrayContaining(["default", "small"]));
  await admin.setQuota("small", null, { ifVersion: set.version });
  await sessions.create({ data: 2 });
});

test("monitoring: samples come in order without a hole, though the connection was away meanwhile", async () => {
  expect((await headroom.monitoring.memory()).sample.usedBytes).toBeGreaterThan(0);
  const sequences: number[] = [];
  const sockets: ReturnType<typeof io>[] = [];
  let told = () => undefined as unknown;
  await using feed = headroom.monitoring.subscribe(
    (url, options) => {
      const socket = io(url, { ...options, reconnectionDelay: 10, transports: ["websocket"] });
      sockets.push(socket);
      return socket;
    },
    {
      sample: ({ sequence }) => {
        sequences.push(sequence);
        told();
      },
    },
  );
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      told = () => (sequences.length >= count ? resolve() : undefined);
      told();
    });
  await until(2);
  const [socket] = sockets;
  socket?.disconnect();
  const { sample } = await headroom.monitoring.memory();
  await expect
    .poll(async () => (await headroom.monitoring.memory()).sample.sequence)
    .toBeGreaterThan(sample.sequence + 1);
  socket?.connect();
  await until(sequences.length + 4);
  feed.close();
  expect(sequences).toEqual(sequences.map((_, at) => (sequences[0] ?? 0) + at));
});
