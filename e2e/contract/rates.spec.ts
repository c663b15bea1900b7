import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { expectProblem } from "../support/survival.ts";

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
interface Made {
  id: string;
  key: string;
  ratePerMinute: number | null;
}

test("a key with a rate gets 429 with Retry-After past it, others none, and a change holds at once", async ({
  server,
}) => {
  const made = await server.send("POST", "/api/v1/keys", { name: "slow", role: "consumer", ratePerMinute: 3 });
  const { id, key, ratePerMinute } = (await made.json()) as Made;
  expect([made.status, ratePerMinute]).toEqual([201, 3]);
  const ask = (secret: string) => server.get("/api/v1/sessions", bearer(secret));
  for (let n = 0; n < 3; n++) expect((await ask(key)).status).toBe(200);
  const refused = await ask(key);
  const after = Number(refused.headers.get("retry-after"));
  expect(after).toBeGreaterThanOrEqual(1);
  expect(after).toBeLessThanOrEqual(20);
  expect(refused.headers.get("ratelimit-policy")).toBe('"key";q=3;w=60');
  expect(await expectProblem(refused, 429)).toBe("too-many-requests");
  expect((await ask(await server.createKey("consumer"))).status).toBe(200);
  const changed = await server.send("PATCH", `/api/v1/keys/${id}`, { ratePerMinute: null });
  expect([changed.status, await changed.json()]).toMatchObject([200, { id, name: "slow", ratePerMinute: null }]);
  for (let n = 0; n < 5; n++) expect((await ask(key)).status).toBe(200);
});

test("a rotated key has another secret and the same id, name and rate; the old one is 401", async ({ server }) => {
  const made = await server.send("POST", "/api/v1/keys", { name: "old", role: "consumer", ratePerMinute: 100 });
  const { id, key } = (await made.json()) as Made;
  const rotated = await server.send("POST", `/api/v1/keys/${id}/rotate`);
  const now = (await rotated.json()) as Made;
  expect([rotated.status, now]).toMatchObject([200, { id, name: "old", ratePerMinute: 100 }]);
  expect(now.key).not.toBe(key);
  expect((await server.get("/api/v1/sessions", bearer(key))).status).toBe(401);
  expect((await server.get("/api/v1/sessions", bearer(now.key))).status).toBe(200);
  expect(await (await server.get("/api/v1/keys?limit=500")).text()).not.toContain(now.key.split(".")[2]);
  const audit = (await (await server.get("/api/v1/audit")).json()) as { items: { action: string; target: string }[] };
  expect(audit.items).toContainEqual(expect.objectContaining({ action: "keys.rotate", target: id }));
});

test("what does not fit a key's change is refused by its field, and changes nothing", async ({ server }) => {
  const made = await server.send("POST", "/api/v1/keys", { name: "same", role: "viewer" });
  const { id } = (await made.json()) as Made;
  for (const [body, status] of [
    [{ ratePerMinute: 0 }, 400],
    [{ ratePerMinute: 1.5 }, 400],
    [{ ratePerMinute: "3" }, 400],
    [{ role: "operator" }, 400],
    [{ expiresAt: "2020-01-01T00:00:00Z" }, 422],
    [{ name: " " }, 400],
  ] as const) {
    const response = await server.send("PATCH", `/api/v1/keys/${id}`, body);
    const problem = (await response.json()) as { errors: { path: string }[] };
    expect([response.status, problem.errors[0]?.path]).toEqual([status, `/${Object.keys(body)[0]}`]);
  }
  for (const [method, path, status] of [
    ["PATCH", "/api/v1/keys/nobody", 404],
    ["POST", "/api/v1/keys/nobody/rotate", 404],
    ["PATCH", "/api/v1/keys/environment", 409],
    ["POST", "/api/v1/keys/environment/rotate", 409],
  ] as const)
    expect([path, (await server.send(method, path, method === "PATCH" ? {} : undefined)).status]).toEqual([
      path,
      status,
    ]);
  const consumer = bearer(await server.createKey("consumer"));
  expect((await server.send("PATCH", `/api/v1/keys/${id}`, { name: "x" }, consumer)).status).toBe(403);
  expect((await server.send("POST", `/api/v1/keys/${id}/rotate`, undefined, consumer)).status).toBe(403);
  expect(await (await server.get("/api/v1/keys?limit=500")).json()).toMatchObject({
    items: expect.arrayContaining([expect.objectContaining({ id, name: "same", role: "viewer", ratePerMinute: null })]),
  });
});
