import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { sendRaw } from "../support/raw-http.ts";
import { OPERATOR_KEY, type TestServer } from "../support/server.ts";

interface Problem {
  status: number;
  code: string;
  requestId: string;
  errors?: { path: string; message: string }[];
}

async function expectProblem(response: Response, status: number, code?: string): Promise<Problem> {
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toContain("application/problem+json");
  const problem = (await response.json()) as Problem;
  expect(problem.status).toBe(status);
  expect(problem.requestId).toBe(response.headers.get("x-request-id"));
  if (code) expect(problem.code).toBe(code);
  expect(JSON.stringify(problem)).not.toMatch(/node_modules|\bat \w+ \(|\/lib\//);
  return problem;
}

const settings = async (server: TestServer) =>
  (await (await server.get("/api/v1/settings")).json()) as { revision: number };

test("the door that answers is the one that was asked for", async ({ server, door }) => {
  const response = await server.get("/monitoring/memory");
  expect(response.headers.get("x-headroom-door")).toBe(door);
  const metrics = await (await server.get("/metrics")).text();
  expect(metrics).toMatch(
    new RegExp(
      `headroom_http_requests_total\\{route="/monitoring/memory",method="GET",status="200",door="${door}"\\} [1-9]`,
    ),
  );
});

test("T06: what is no JSON, no UTF-8, has a byte-order mark or repeats a key is refused, and changes nothing", async ({
  server,
}) => {
  const before = await settings(server);
  const json = { "content-type": "application/json" };
  for (const body of [
    "",
    "{",
    "[1,]",
    "\ufeff{}",
    '{"maxSessions":1,"maxSessions":2}',
    Buffer.from([0x7b, 0xff, 0x7d]),
  ]) {
    await expectProblem(await server.send("PATCH", "/api/v1/settings", body, json), 400);
  }
  await expectProblem(await server.send("PATCH", "/api/v1/settings", "{}", { "content-type": "text/plain" }), 415);
  await expectProblem(
    await server.send("PATCH", "/api/v1/settings", "{}", { ...json, "content-encoding": "gzip" }),
    415,
  );
  expect(await settings(server)).toEqual(before);
});

test("wrong types, ranges and names are 400 and name the field", async ({ server }) => {
  const cases: [unknown, string][] = [
    [{ maxSessions: "many" }, "/maxSessions"],
    [{ maxSessions: -1 }, "/maxSessions"],
    [{ optimizeAtRatio: 7 }, "/optimizeAtRatio"],
    [{ nothing: 1 }, "/nothing"],
    [[], ""],
    [{}, ""],
  ];
  for (const [body, path] of cases) {
    const problem = await expectProblem(await server.send("PATCH", "/api/v1/settings", body), 400, "validation-failed");
    expect(problem.errors?.[0]?.path).toBe(path);
  }
  await expectProblem(
    await server.send("PATCH", "/api/v1/settings", '{"maxSessions":1e400}', { "content-type": "application/json" }),
    400,
  );
  for (const query of ["limit=0", "limit=501", "limit=1.5", "limit=ten", "limit=1&limit=2", "cursor=!", "page=2"]) {
    await expectProblem(await server.get(`/api/v1/audit?${query}`), 400, "validation-failed");
  }
  await expectProblem(await server.get("/monitoring/memory/history?from=yesterday"), 400);
  await expectProblem(
    await server.get("/monitoring/memory/history?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z"),
    400,
  );
});

test("T01 T02: a body over its limit is 413, with a length and without", async ({ server }) => {
  const head = `PATCH /api/v1/settings HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${OPERATOR_KEY}\r\nContent-Type: application/json\r\n`;
  const declared = await sendRaw(server.url, `${head}Content-Length: 99999999\r\n\r\n{`);
  expect(declared.status).toBe(413);
  const megabyte = `100000\r\n${"x".repeat(0x100000)}\r\n`;
  const chunked = await sendRaw(server.url, `${head}Transfer-Encoding: chunked\r\n\r\n${megabyte.repeat(9)}0\r\n\r\n`);
  expect(chunked.status).toBe(413);
});

test("T05: a body a million levels deep is refused before it is built", async ({ server }) => {
  for (const depth of [65, 1_000_000]) {
    const body = "[".repeat(depth) + "]".repeat(depth);
    await expectProblem(
      await server.send("PATCH", "/api/v1/settings", body, { "content-type": "application/json" }),
      400,
      "malformed-json",
    );
  }
});

test("T07: __proto__ is an ordinary name, and unknown", async ({ server }) => {
  const body = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
  await expectProblem(
    await server.send("PATCH", "/api/v1/settings", body, { "content-type": "application/json" }),
    400,
  );
  await expectProblem(await server.get("/api/v1/audit?__proto__=1"), 400);
});

test("T18: methods, paths and targets get the contract's status, never a 500", async ({ server }) => {
  const cases: [string, string, number][] = [
    ["GET", "/api/v1/nothing", 404],
    ["GET", "/api/v1/keys/", 404],
    ["GET", "/api//v1/keys", 404],
    ["PUT", "/api/v1/settings", 405],
    ["DELETE", "/livez", 405],
    ["GET", "/api/v1/keys/%E9", 400],
    ["GET", "/%E9", 400],
    ["GET", "/%", 400],
    ["TRACE", "/", 405],
    ["TRACE", "/api/v1/keys", 405],
    ["POST", "/", 405],
    ["GET", "/api/v1/../../etc/passwd", 400],
    ["GET", "/api/v1/keys/%2e%2e", 400],
    ["GET", "http://elsewhere/api/v1/keys", 400],
    ["DELETE", "/api/v1/keys/unknown", 404],
  ];
  for (const [method, target, status] of cases) {
    const answer = await sendRaw(
      server.url,
      `${method} ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${OPERATOR_KEY}\r\nConnection: close\r\n\r\n`,
    );
    expect([method, target, answer.status]).toEqual([method, target, status]);
    expect(answer.head.toLowerCase()).toContain("application/problem+json");
    if (status === 405) expect(answer.head.toLowerCase()).toContain("\r\nallow: ");
  }
  const options = await server.send("OPTIONS", "/api/v1/settings");
  expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, PATCH, HEAD, OPTIONS"]);
  const head = await server.send("HEAD", "/monitoring/memory");
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

test("T18: broken HTTP gets a problem, and smuggling is refused", async ({ server }) => {
  const cases: [string, number][] = [
    ["NONSENSE\r\n\r\n", 400],
    [`GET /livez HTTP/1.1\r\nHost: x\r\nX-Big: ${"y".repeat(20_000)}\r\n\r\n`, 431],
    [`GET /livez HTTP/1.1\r\nHost: x\r\n${"X-Many: 1\r\n".repeat(300)}Connection: close\r\n\r\n`, 431],
    ["POST /api/v1/keys HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
    ["POST /api/v1/keys HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400],
  ];
  for (const [text, status] of cases) {
    const answer = await sendRaw(server.url, text);
    expect([text.slice(0, 30), answer.status]).toEqual([text.slice(0, 30), status]);
    expect(JSON.parse(answer.body)).toMatchObject({ status });
  }
});

test("a HEAD of an export holds nothing, however many come", async ({ server }) => {
  // Each export takes a megabyte of the streams' 512.
  for (let round = 0; round < 26; round++) {
    const heads = Array.from({ length: 20 }, () => server.send("HEAD", "/api/v1/export?source=rag"));
    for (const { status } of await Promise.all(heads)) expect(status).toBe(200);
  }
  expect((await server.get("/api/v1/export?source=rag")).status).toBe(200);
});

test("a caller's sane request id comes back, another does not", async ({ server }) => {
  expect((await server.get("/livez", { "x-request-id": "trace-42.a" })).headers.get("x-request-id")).toBe("trace-42.a");
  expect((await server.get("/livez", { "x-request-id": "a b{}" })).headers.get("x-request-id")).toMatch(
    /^[0-9a-f-]{36}$/,
  );
});

test("T33 T34: security headers everywhere, and no CORS", async ({ server }) => {
  for (const target of ["/livez", "/api/v1/settings", "/api/v1/nothing", "/sign-in"]) {
    const { headers } = await server.get(target, { origin: "https://elsewhere.example" });
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("strict-transport-security")).toContain("max-age");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  }
});
