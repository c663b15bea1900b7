import { expect } from "@playwright/test";
import { io } from "socket.io-client";
import { test as base } from "../support/fixtures.ts";
import { OPERATOR_KEY, TestServer } from "../support/server.ts";

const APP = "https://app.example.com";
const OTHER = "https://other.example.com";

const test = base.extend<object, { behind: TestServer }>({
  behind: [
    async ({ door }, use) => {
      const server = await TestServer.start({
        env: {
          HEADROOM_DOOR: door,
          HEADROOM_CORS_ORIGINS: `${APP},http://localhost:5173`,
          HEADROOM_TRUST_PROXY: "127.0.0.1,10.0.0.0/8",
          HEADROOM_LOG_LEVEL: "warn",
        },
      });
      await use(server);
      await server.remove();
    },
    { scope: "worker" },
  ],
});

const allowed = (response: Response) => response.headers.get("access-control-allow-origin");
const preflight = (server: TestServer, path: string, origin: string) =>
  fetch(`${server.url}${path}`, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "PUT",
      "access-control-request-headers": "authorization,content-type,if-match",
    },
  });

test("a preflight of an allowed origin is answered without a key, and never allows credentials", async ({ behind }) => {
  for (const path of ["/api/v1/cache/x", "/monitoring/memory", "/api/v1/sessions"]) {
    const { status, headers } = await preflight(behind, path, APP);
    expect([status, headers.get("access-control-allow-origin")]).toEqual([204, APP]);
    expect(headers.get("access-control-allow-methods")).toContain("PUT");
    expect(headers.get("access-control-allow-headers")).toBe("authorization,content-type,if-match");
    expect(headers.get("vary")).toContain("Origin");
    expect(headers.get("access-control-allow-credentials")).toBeNull();
  }
  for (const origin of [OTHER, "null", `${APP}.evil.com`, APP.replace("https", "http")])
    expect(allowed(await preflight(behind, "/api/v1/cache/x", origin))).toBeNull();
});

test("an allowed origin reads answers, refusals and our headers, and nobody else does", async ({ behind }) => {
  const put = await behind.send("PUT", "/api/v1/cache/cors", "x", { origin: APP, "content-type": "text/plain" });
  expect([put.status, allowed(put)]).toEqual([201, APP]);
  const got = await behind.get("/api/v1/cache/cors", { origin: APP });
  expect([got.status, allowed(got)]).toEqual([200, APP]);
  const vary = got.headers.get("vary") ?? "";
  expect(vary.split(/,\s*/)).toEqual(expect.arrayContaining(["Accept-Encoding", "Origin"]));
  const exposed = (got.headers.get("access-control-expose-headers") ?? "").toLowerCase();
  for (const name of ["etag", "x-request-id", "retry-after", "upload-offset", "x-fill-lease", "location"])
    expect(exposed).toContain(name);
  for (const [path, status] of [
    ["/api/v1/nowhere", 404],
    ["/api/v1/cache/%ff", 400],
    ["/api/v1/sessions?limit=x", 400],
  ] as const) {
    const refused = await behind.get(path, { origin: APP });
    expect([path, refused.status, allowed(refused)]).toEqual([path, status, APP]);
  }
  const keyless = await fetch(`${behind.url}/api/v1/sessions`, { headers: { origin: APP } });
  expect([keyless.status, allowed(keyless)]).toEqual([401, APP]);
  const other = await behind.get("/api/v1/cache/cors", { origin: OTHER });
  expect([allowed(other), other.headers.get("vary")?.includes("Origin")]).toEqual([null, true]);
  for (const response of [put, got, keyless, other])
    expect(response.headers.get("access-control-allow-credentials")).toBeNull();
});

test("an allowed origin does not count for cookies or sockets", async ({ behind }) => {
  const signIn = await behind.send("POST", "/api/v1/auth/sign-in", { key: OPERATOR_KEY }, { origin: APP });
  expect(signIn.status).toBe(403);
  const own = await behind.send("POST", "/api/v1/auth/sign-in", { key: OPERATOR_KEY });
  const cookie = own.headers.get("set-cookie")?.split(";")[0] ?? "";
  const write = await fetch(`${behind.url}/api/v1/settings`, {
    method: "PATCH",
    headers: { cookie, origin: APP, "content-type": "application/json" },
    body: JSON.stringify({ historyMaxMb: 31 }),
  });
  expect(write.status).toBe(403);
  const socket = io(`${behind.url}/monitoring`, {
    auth: { token: OPERATOR_KEY },
    transports: ["websocket"],
    reconnection: false,
    extraHeaders: { origin: APP },
  });
  const outcome = await new Promise((resolve) => {
    socket.once("connect", () => resolve("connected"));
    socket.once("connect_error", () => resolve("refused"));
  });
  socket.disconnect();
  expect(outcome).toBe("refused");
});

test("without the variable no origin is allowed, and answers do not vary by it", async ({ server }) => {
  const answered = await server.get("/api/v1/sessions", { origin: APP });
  expect([allowed(answered), answered.headers.get("vary")?.includes("Origin") ?? false]).toEqual([null, false]);
  expect(allowed(await preflight(server, "/api/v1/sessions", APP))).toBeNull();
});

test("behind a trusted proxy the client is the rightmost address that is no proxy's", async ({ behind, server }) => {
  const guess = (target: TestServer, forwardedFor: string) =>
    fetch(`${target.url}/monitoring/memory`, {
      headers: { authorization: "Bearer wrong", "x-forwarded-for": forwardedFor },
    });
  for (let n = 0; n < 10; n++) await guess(behind, `203.0.113.${n}, 198.51.100.7, 10.1.1.1`);
  expect((await guess(behind, "203.0.113.99, 198.51.100.7, 10.1.1.1")).status).toBe(429);
  expect((await guess(behind, "198.51.100.7, 198.51.100.8")).status).toBe(401);
  const socket = io(`${behind.url}/monitoring`, {
    auth: { token: "wrong" },
    transports: ["websocket"],
    reconnection: false,
    extraHeaders: { "x-forwarded-for": "198.51.100.7" },
  });
  const refusal = await new Promise<Error & { data?: { code?: string } }>((resolve) =>
    socket.once("connect_error", resolve),
  );
  socket.disconnect();
  expect(refusal.data?.code).toBe("too-many-requests");
  // Where none is trusted, the header is the client's own word.
  const statuses = new Set<number>();
  for (let n = 0; n < 11; n++) statuses.add((await guess(server, `192.0.2.${n}`)).status);
  expect(statuses).toContain(429);
});

test("cookies are for TLS alone where a trusted proxy says that the client came over it", async ({
  behind,
  server,
}) => {
  const cookieOf = async (target: TestServer, headers: Record<string, string>) =>
    (await target.send("POST", "/api/v1/auth/sign-in", { key: OPERATOR_KEY }, headers)).headers.get("set-cookie") ?? "";
  const https = { "x-forwarded-for": "198.51.100.9", "x-forwarded-proto": "https" };
  expect(await cookieOf(behind, https)).toMatch(/; Secure(;|$)/);
  expect(await cookieOf(behind, { ...https, "x-forwarded-proto": "http" })).not.toContain("Secure");
  expect(await cookieOf(behind, { "x-headroom-secure": "1" })).not.toContain("Secure");
  expect(await cookieOf(server, https)).not.toContain("Secure");
});
