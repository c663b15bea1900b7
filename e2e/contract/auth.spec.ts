import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import type { TestServer } from "../support/server.ts";

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const codeOf = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];

async function cookieOf(server: TestServer): Promise<string> {
  const key = await server.createKey("operator");
  const response = await server.send("POST", "/api/v1/auth/sign-in", { key });
  return response.headers.get("set-cookie") ?? "";
}

/** A request with the cookie alone. */
function withCookie(
  server: TestServer,
  method: string,
  target: string,
  cookie: string,
  headers: Record<string, string> = {},
) {
  return fetch(`${server.url}${target}`, {
    method,
    headers: { cookie, "content-type": "application/json", ...headers },
    ...(method === "GET" ? {} : { body: JSON.stringify({ historyMaxMb: 31 }) }),
  });
}

test("T26: no key, a wrong, a revoked and an expired one are 401", async ({ server }) => {
  const anonymous = await fetch(`${server.url}/monitoring/memory`);
  expect(await codeOf(anonymous)).toEqual([401, "unauthenticated"]);
  expect(anonymous.headers.get("www-authenticate")).toContain("Bearer");
  for (const authorization of ["Bearer wrong", "Bearer ", "Basic b3A6b3A=", "Bearer hr.AAAAAAAAAAAA.x"]) {
    expect((await server.get("/monitoring/memory", { authorization })).status).toBe(401);
  }
  const made = await server.send("POST", "/api/v1/keys", { name: "short", role: "viewer" });
  const { id, key } = (await made.json()) as { id: string; key: string };
  expect((await server.get("/monitoring/memory", bearer(key))).status).toBe(200);
  expect((await server.send("DELETE", `/api/v1/keys/${id}`)).status).toBe(204);
  expect((await server.get("/monitoring/memory", bearer(key))).status).toBe(401);
  const past = await server.send("POST", "/api/v1/keys", {
    name: "past",
    role: "viewer",
    expiresAt: "2020-01-01T00:00:00Z",
  });
  expect(await codeOf(past)).toEqual([422, "unprocessable"]);
});

test("T26: a viewer key on a write is 403, changes nothing, and is in the audit", async ({ server }) => {
  const viewer = bearer(await server.createKey("viewer"));
  const before = await (await server.get("/api/v1/settings")).text();
  expect(await codeOf(await server.send("PATCH", "/api/v1/settings", { maxSessions: 9 }, viewer))).toEqual([
    403,
    "forbidden",
  ]);
  expect(await (await server.get("/api/v1/settings")).text()).toBe(before);
  await expect
    .poll(async () => await (await server.get("/api/v1/audit")).json())
    .toMatchObject({
      items: expect.arrayContaining([
        expect.objectContaining({ outcome: "refused", target: "PATCH /api/v1/settings" }),
      ]),
    });
});

test("roles do what the contract says, and only an operator picks a namespace", async ({ server }) => {
  const [viewer, consumer] = [
    bearer(await server.createKey("viewer")),
    bearer(await server.createKey("consumer", "team-a")),
  ];
  expect((await server.get("/monitoring/memory", viewer)).status).toBe(200);
  expect((await server.get("/monitoring/memory", consumer)).status).toBe(403);
  expect((await server.get("/api/v1/settings", viewer)).status).toBe(403);
  expect((await server.get("/monitoring/memory", { ...viewer, "x-namespace": "team-a" })).status).toBe(403);
  expect((await server.get("/monitoring/memory", { "x-namespace": "team-a" })).status).toBe(200);
  expect((await server.get("/monitoring/memory", { "x-namespace": "No Such!" })).status).toBe(400);
  const me = await (await server.get("/api/v1/auth/me", consumer)).json();
  expect(me).toMatchObject({ role: "consumer", namespace: "team-a" });
});

test("a key is shown once and never listed", async ({ server }) => {
  const key = await server.createKey("viewer");
  const list = await (await server.get("/api/v1/keys?limit=500")).text();
  expect(list).not.toContain(key);
  expect(list).not.toMatch(/"(key|hash)"/);
});

test("R14: a cursor of keys stays a place in the list when the key there is revoked", async ({ server }) => {
  const made: string[] = [];
  for (let count = 0; count < 5; count++) {
    const answer = await server.send("POST", "/api/v1/keys", { name: `page ${count}`, role: "viewer" });
    made.push(((await answer.json()) as { id: string }).id);
  }
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const target: string = `/api/v1/keys?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`;
    const page = (await (await server.get(target)).json()) as { items: { id: string }[]; nextCursor: string | null };
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
    // The very key that the cursor names goes, so that the next page has to find its place without it.
    const last = page.items.at(-1)?.id ?? "";
    if (made.includes(last)) await server.send("DELETE", `/api/v1/keys/${last}`);
  } while (cursor !== null);
  expect(seen.filter((id) => made.includes(id)).sort()).toEqual(made.sort());
  expect(new Set(seen).size).toBe(seen.length);
  expect((await server.get("/api/v1/keys?cursor=MQ")).status).toBe(400);
});

test("T29 T31: the cookie is httpOnly and new, and writes with it need our own origin", async ({ server }) => {
  const setCookie = await cookieOf(server);
  expect(setCookie).toMatch(/HttpOnly; SameSite=Lax; Max-Age=43(200|199)$/);
  const cookie = setCookie.split(";")[0] ?? "";
  expect((await withCookie(server, "GET", "/monitoring/memory", cookie)).status).toBe(200);
  const { host } = new URL(server.url);
  const refused: Record<string, string>[] = [
    {},
    { origin: "https://elsewhere.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
  ];
  for (const headers of refused) {
    expect(await codeOf(await withCookie(server, "PATCH", "/api/v1/settings", cookie, headers))).toEqual([
      403,
      "foreign-origin",
    ]);
  }
  expect((await withCookie(server, "PATCH", "/api/v1/settings", cookie, { origin: `http://${host}` })).status).toBe(
    200,
  );
  const out = await fetch(`${server.url}/api/v1/auth/sign-out`, { method: "POST", headers: { cookie } });
  expect(out.status).toBe(204);
  expect((await withCookie(server, "GET", "/monitoring/memory", cookie)).status).toBe(401);
  expect((await withCookie(server, "GET", "/monitoring/memory", `headroom=${"A".repeat(43)}`)).status).toBe(401);
});

test("settings are changed, kept apart by revision, audited and rolled back", async ({ server }) => {
  const read = async () =>
    (await (await server.get("/api/v1/settings")).json()) as {
      revision: number;
      settings: { name: string; value: unknown; source: string }[];
    };
  const of = async (name: string) => (await read()).settings.find((setting) => setting.name === name);
  const { revision } = await read();
  await server.send("PATCH", "/api/v1/settings", { cacheMaxEntries: 77, cachePolicy: "lru" });
  expect(await of("cacheMaxEntries")).toMatchObject({ value: 77, source: "stored" });
  expect((await server.send("POST", "/api/v1/settings/rollback", { revision })).status).toBe(200);
  expect(await of("cacheMaxEntries")).toMatchObject({ value: 50, source: "default" });
  expect((await read()).revision).toBe(revision + 2);
  expect((await server.send("POST", "/api/v1/settings/rollback", { revision: 10_000 })).status).toBe(404);
  const pinned = await server.send("PATCH", "/api/v1/settings", { cacheMaxEntries: 5, sampleSeconds: 9 });
  expect(await codeOf(pinned)).toEqual([409, "pinned-by-environment"]);
  expect(await of("cacheMaxEntries")).toMatchObject({ value: 50 });
});

test("T27: wrong keys are slowed with 429, and a right one still comes in", async ({ server }) => {
  const statuses: number[] = [];
  let retryAfter: string | null = null;
  for (let attempt = 0; attempt < 25; attempt++) {
    const response = await server.get("/monitoring/memory", bearer(`wrong-${attempt}`));
    statuses.push(response.status);
    retryAfter = response.headers.get("retry-after");
  }
  expect(statuses.at(-1)).toBe(429);
  expect(Number(retryAfter)).toBeGreaterThan(0);
  expect((await server.get("/monitoring/memory")).status).toBe(200);
});
