/** What comes in with a request: ../shared/threats.md. More of it is in `e2e/contract/garbage.spec.ts` and `auth.spec.ts`, through both doors. */
import http from "node:http";
import net from "node:net";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";
import { sendRaw } from "../support/raw-http.ts";
import { OPERATOR_KEY, TestServer } from "../support/server.ts";
import { cpuMs, expectAlive, expectProblem, openFiles, rssBytes } from "../support/survival.ts";

let server: TestServer;
test.beforeAll(async () => {
  server = await TestServer.start({ env: { HEADROOM_MAX_BODY_MB: "8" } });
});
test.afterEach(() => expectAlive(server));
test.afterAll(() => server.remove());

const MIB = 1024 * 1024;
const json = { "content-type": "application/json" };
const KEY = "/api/v1/cache/k";

/** Writes a chunked body for as long as the server takes it. @returns the answer's status, and bytes written by then. */
function pour(target: string, limitBytes: number): Promise<{ status: number; sentBytes: number }> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), hostname);
    let sentBytes = 0;
    let answer = "";
    const chunk = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(0x10000, 120), Buffer.from("\r\n")]);
    const finish = () => {
      socket.destroy();
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0), sentBytes });
    };
    const more = () => {
      while (sentBytes < limitBytes && !socket.destroyed) {
        sentBytes += 0x10000;
        if (!socket.write(chunk)) return;
      }
    };
    socket.on("drain", more);
    socket.on("data", (data) => {
      answer += data;
      finish();
    });
    socket.on("error", finish);
    socket.on("close", finish);
    socket.write(
      `PUT ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${OPERATOR_KEY}\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n`,
      more,
    );
  });
}

test("T02: a chunked body without end is 413 about where its limit is, and memory rises by at most twice the limit", async () => {
  await server.send("PUT", KEY, Buffer.alloc(4 * MIB, 120), { "content-type": "text/plain" });
  const before = rssBytes(server.pid);
  const { status, sentBytes } = await pour(KEY, 512 * MIB);
  expect(status).toBe(413);
  // What the kernel's buffers hold was sent and never read.
  expect(sentBytes).toBeLessThan(8 * MIB + 16 * MIB);
  expect(rssBytes(server.pid) - before).toBeLessThan(2 * 8 * MIB + 16 * MIB);
});

test("T03: bodies that inflate past their limit are 413 where encodings are taken, and 415 elsewhere", async () => {
  const zeros = Buffer.alloc(128 * MIB);
  const bombs = {
    gzip: gzipSync(zeros),
    br: brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } }),
  };
  await server.send("PUT", KEY, "the value before", { "content-type": "text/plain" });
  const before = rssBytes(server.pid);
  for (const [encoding, bomb] of Object.entries(bombs)) {
    const headers = { "content-type": "text/plain", "content-encoding": encoding };
    await expectProblem(await server.send("PUT", KEY, bomb, headers), 413);
    await expectProblem(await server.send("POST", "/api/v1/sessions", bomb, { ...json, ...headers, ...json }), 415);
  }
  expect(rssBytes(server.pid) - before).toBeLessThan(64 * MIB);
  expect(await (await server.get(KEY)).text()).toBe("the value before");
});

test("T05 T06 T07: every JSON route refuses depth and damage, and takes __proto__ as data", async () => {
  const deep = `{"data":${"[".repeat(5_000)}${"]".repeat(5_000)}}`;
  const routes: [string, string][] = [
    ["POST", "/api/v1/sessions"],
    ["POST", "/api/v1/cache/batch"],
    ["POST", "/api/v1/rag/query"],
    ["POST", "/api/v1/conversations/c/messages"],
    ["PUT", "/api/v1/collections/c"],
    ["POST", "/api/v1/collections/c/search"],
    ["POST", "/monitoring/memory/optimize"],
    ["POST", "/api/v1/keys"],
  ];
  for (const [method, target] of routes) {
    expect(await expectProblem(await server.send(method, target, deep, json), 400)).toBe("malformed-json");
    for (const body of ["\ufeff{}", '{"a":1,"a":2}', Buffer.from([0x7b, 0xc3, 0x28, 0x7d]), "{'a':1}"]) {
      await expectProblem(await server.send(method, target, body, json), 400);
    }
  }
  const text = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},"toString":"x"}';
  const made = await server.send("POST", "/api/v1/sessions", `{"data":${text}}`, json);
  expect(made.status).toBe(201);
  const { id } = (await made.json()) as { id: string };
  expect(await (await server.get(`/api/v1/sessions/${id}`)).text()).toContain(text);
  const patched = await server.send("PATCH", `/api/v1/sessions/${id}`, '{"__proto__":{"more":3}}', {
    "content-type": "application/merge-patch+json",
  });
  expect(patched.status).toBe(200);
  expect(await (await server.get(`/api/v1/sessions/${id}`)).text()).toContain('"__proto__":{"polluted":1,"more":3}');
});

test("T14: keys that are syntax elsewhere are only keys here, and what is no key is 400", async () => {
  const odd = [
    "a:b*{c}/../d",
    "'; DROP TABLE Session;--",
    ["$", "{jndi:ldap://x}"].join(""),
    "a\u202eb",
    "é",
    "e\u0301",
    "*",
    "..%2f",
  ];
  for (const key of odd) {
    const target = `/api/v1/cache/${encodeURIComponent(key)}`;
    expect((await server.send("PUT", target, key, { "content-type": "text/plain" })).status).toBe(201);
    expect(await (await server.get(target)).text()).toBe(key);
  }
  for (const key of ["%0d%0aSet-Cookie:x", "%00", "x".repeat(1_025), "%ff", "%ed%a0%80", "x".repeat(15_000)]) {
    await expectProblem(await server.get(`/api/v1/cache/${key}`), 400);
  }
});

test("T16 T17: patterns and SQL in filters, prefixes and searches are text: each is answered (the first would backtrack for years), and nothing is lost", async () => {
  await server.send("PUT", "/api/v1/collections/t16", { dimensions: 2, metric: "cosine" });
  const evil = `${"a".repeat(60)}!`;
  await server.send("PUT", "/api/v1/collections/t16/points", {
    points: [{ id: "1", vector: [1, 0], metadata: { name: evil } }],
  });
  const texts = ["(a+)+$", "^(([a-z])+.)+$", "%' OR 1=1 --", '"; DELETE FROM "Point"; --', "*", "NEAR(a b)", '"', "a*"];
  for (const text of texts) {
    const filter = encodeURIComponent(JSON.stringify({ name: text }));
    const found = await server.get(`/api/v1/collections/t16/points?filter=${filter}`);
    expect([found.status, ((await found.json()) as { items: unknown[] }).items]).toEqual([200, []]);
    const query = { query: text, mode: "keyword" };
    expect((await server.send("POST", "/api/v1/rag/query", query)).status).toBe(200);
    expect((await server.get(`/api/v1/cache?prefix=${encodeURIComponent(text)}`)).status).toBe(200);
    expect(
      (await server.send("POST", "/api/v1/conversations/c/messages", { role: "user", content: text })).status,
    ).toBe(201);
  }
  const point = await server.get("/api/v1/collections/t16/points/1");
  expect(await point.json()).toMatchObject({ metadata: { name: evil } });
});

test("T18: Next's internal headers, other hosts and a second request in a body change nothing", async () => {
  const head = `Authorization: Bearer ${OPERATOR_KEY}\r\nConnection: close\r\n`;
  for (const extra of [
    "x-middleware-subrequest: middleware:middleware:middleware:middleware:middleware\r\n",
    "x-middleware-rewrite: http://169.254.169.254/\r\n",
    "x-headroom-peer: 1.2.3.4\r\nx-headroom-target: /livez\r\n",
    "x-forwarded-host: elsewhere.example\r\nx-forwarded-proto: https\r\n",
  ]) {
    const open = await sendRaw(
      server.url,
      `GET /api/v1/settings HTTP/1.1\r\nHost: x\r\n${extra}Connection: close\r\n\r\n`,
    );
    expect(open.status).toBe(401);
    const page = await sendRaw(server.url, `GET / HTTP/1.1\r\nHost: x\r\n${extra}Connection: close\r\n\r\n`);
    expect(page.status).toBeLessThan(400);
    expect(page.head).not.toContain("elsewhere.example");
  }
  const inner = `GET /api/v1/keys HTTP/1.1\r\nHost: x\r\n${head}\r\n`;
  const smuggled = await sendRaw(
    server.url,
    `PUT ${KEY} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: ${inner.length}\r\n${head}\r\n${inner}`,
  );
  expect([201, 204]).toContain(smuggled.status);
  expect(smuggled.body).not.toContain("HTTP/1.1");
  for (const framing of [
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding:\tchunked\r\nContent-Length: 3",
    "Content-Length: +3",
    "Content-Length: 3\r\nContent-Length: 3, 4",
  ]) {
    const answer = await sendRaw(server.url, `PUT ${KEY} HTTP/1.1\r\nHost: x\r\n${head}${framing}\r\n\r\n0\r\n\r\n`);
    expect([framing, answer.status]).toEqual([framing, 400]);
  }
});

test("T20: no path leads out of what the server serves", async () => {
  for (const target of [
    "/../../../etc/passwd",
    "/..%2f..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/_next/static/..%2f..%2f..%2fpackage.json",
    "/_next/static/%2e%2e/%2e%2e/package.json",
    "/_next/image?url=file%3A%2F%2F%2Fetc%2Fpasswd&w=64&q=75",
    "/_next/image?url=http%3A%2F%2F127.0.0.1%2F&w=64&q=75",
    "/docs/..%5c..%5cpackage.json",
    "/docs/%00",
    "/docs/../package.json",
    "/\\\\server\\share",
    "/monitoring/memory/profiles/..%2f..%2fheadroom.db/download",
  ]) {
    const answer = await sendRaw(
      server.url,
      `GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${OPERATOR_KEY}\r\nConnection: close\r\n\r\n`,
    );
    expect([target, [400, 404].includes(answer.status)]).toEqual([target, true]);
    expect(answer.body).not.toMatch(/root:|"dependencies"|SQLite format/);
  }
});

test("T24: a line of 70 MB, a bad row and a bad escape are set aside with where they are, and the rest is kept", async () => {
  const long = Buffer.alloc(70 * MIB, 97);
  const body = Buffer.concat([Buffer.from('{"a":1}\n'), long, Buffer.from('\n{"a":"\\x"}\r\n{"a":2}\n')]);
  const before = rssBytes(server.pid);
  const job = await server.send("POST", "/api/v1/streams?target=none&format=ndjson&wait=1", body, {
    "content-type": "application/x-ndjson",
  });
  expect(await job.json()).toMatchObject({ state: "completed", records: 2, rejected: 2 });
  expect(rssBytes(server.pid) - before).toBeLessThan(128 * MIB);
});

test("T25: clients that leave in the middle of a body or an answer leave no file, no memory and no waiter", async () => {
  const big = Buffer.alloc(4 * MIB, 97);
  await server.send("PUT", "/api/v1/cache/big", big, { "content-type": "application/octet-stream" });
  // The first stream starts the thread that parses, which stays.
  await server.send("POST", "/api/v1/streams?target=none&format=ndjson&wait=1", '{"a":1}\n', {
    "content-type": "application/x-ndjson",
  });
  const filesBefore = openFiles(server.pid);
  const { hostname, port } = new URL(server.url);
  const leave = (text: string, afterMs: number) =>
    new Promise<void>((resolve) => {
      const socket = net.connect(Number(port), hostname, () => {
        socket.write(text);
        setTimeout(() => {
          socket.destroy();
          resolve();
        }, afterMs);
      });
      socket.on("error", () => resolve());
    });
  const auth = `Host: x\r\nAuthorization: Bearer ${OPERATOR_KEY}\r\n`;
  const requests = [
    `PUT ${KEY} HTTP/1.1\r\n${auth}Content-Type: text/plain\r\nContent-Length: 5000000\r\n\r\nhalf of`,
    `GET /api/v1/cache/big HTTP/1.1\r\n${auth}\r\n`,
    `GET /api/v1/cache/nobody-fills?wait=30000 HTTP/1.1\r\n${auth}\r\n`,
    `GET /api/v1/export?source=history&format=ndjson HTTP/1.1\r\n${auth}\r\n`,
    `POST /api/v1/streams?target=none&format=ndjson HTTP/1.1\r\n${auth}Content-Length: 90000\r\n\r\n{"a":1}\n`,
  ];
  await server.get("/api/v1/cache/nobody-fills");
  await Promise.all(requests.flatMap((text) => Array.from({ length: 10 }, (_, n) => leave(text, 20 + 10 * n))));
  await expect.poll(() => openFiles(server.pid)).toBeLessThanOrEqual(filesBefore + 2);
});

test("T27 T28: wrong keys of any length are 401 at once, then 429 for a minute, and never 500", async () => {
  const other = await TestServer.start();
  const keys = [
    "",
    "x",
    "hr.aaaaaaaaaaaa.",
    `hr.aaaaaaaaaaaa.${"b".repeat(43)}`,
    "y".repeat(512),
    OPERATOR_KEY.slice(0, -1),
  ];
  const statuses: number[] = [];
  for (let n = 0; n < 14; n++) {
    const response = await other.get("/api/v1/settings", { authorization: `Bearer ${keys[n % keys.length]}` });
    statuses.push(response.status);
    await expectProblem(response, response.status);
    if (response.status === 429) expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  expect(statuses).toEqual([...Array<number>(10).fill(401), ...Array<number>(4).fill(429)]);
  expect((await other.get("/api/v1/settings")).status).toBe(200);
  await expectAlive(other);
  await other.remove();
});

test("T37 T39: what a caller sends cannot forge a log line, and no answer or log names a key or the environment", async () => {
  const other = await TestServer.start({ env: { HEADROOM_LOG_LEVEL: "debug", HEADROOM_METRICS_PUBLIC: "1" } });
  const forged = '\r\n{"level":"error","msg":"forged"}\u001b[31m';
  await other.get(`/api/v1/cache/${encodeURIComponent(forged)}`);
  await other.send("POST", "/api/v1/sessions", { [forged]: "x".repeat(1_000_000) });
  await other.send("POST", "/api/v1/keys", { name: forged, role: "nobody" });
  await other.get("/livez", { "x-request-id": "a b" });
  await other.get("/api/v1/settings", { authorization: "Bearer secret-that-is-wrong" });
  const lines = other.output.split("\n").filter((line) => line.startsWith("{"));
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) {
    expect(() => JSON.parse(line)).not.toThrow();
    expect(line.length).toBeLessThan(10_000);
  }
  expect(lines.join("\n")).not.toContain("\u001b");
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).not.toContain("forged");
  expect(other.output).not.toContain("secret-that-is-wrong");
  expect(other.output).not.toContain(OPERATOR_KEY);
  for (const target of ["/metrics", "/livez", "/readyz", "/openapi.json", "/monitoring/memory", "/api/v1/keys"]) {
    const text = await (await other.get(target)).text();
    expect(text).not.toContain(OPERATOR_KEY);
    expect(text).not.toContain(other.dir);
    expect(text).not.toContain(process.env.HOME ?? "/root/");
  }
  await other.remove();
});

test("T40: a megabyte of colliding, integer-like keys costs no more CPU than ten of keys that do not collide", async () => {
  // Array indices collide in V8 before 20.20.2; 75,000 of them in one object, and as metadata of a session.
  const costOf = async (key: (n: number) => string): Promise<number> => {
    const keys = new Set(Array.from({ length: 75_000 }, (_, n) => `"${key(n)}":1`));
    const before = cpuMs(server.pid);
    const response = await server.send("POST", "/api/v1/sessions", `{"data":{${[...keys].join(",")}}}`, json);
    expect([201, 400, 413]).toContain(response.status);
    return cpuMs(server.pid) - before;
  };
  await costOf((n) => `warm-${n}`);
  const ordinary = await costOf((n) => `key-${n}`);
  expect(await costOf((n) => `${(n * 65_536) % 4_294_967_295}`)).toBeLessThan(10 * Math.max(ordinary, 50));
});

test("a HEAD or an answer that nobody reads holds no more than its socket", async () => {
  const before = rssBytes(server.pid);
  const { hostname, port } = new URL(server.url);
  const readers = Array.from({ length: 30 }, () => {
    const request = http.get({
      hostname,
      port,
      path: "/api/v1/cache/big",
      headers: { authorization: `Bearer ${OPERATOR_KEY}` },
    });
    request.on("response", (response) => response.pause());
    request.on("error", () => undefined);
    return request;
  });
  await expect.poll(async () => (await server.get("/livez")).status).toBe(200);
  // Each copy of the body waits in its own socket; the kernel takes some of it.
  expect(rssBytes(server.pid) - before).toBeLessThan(30 * 4 * MIB + 64 * MIB);
  for (const request of readers) request.destroy();
});
