import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { TestServer } from "../support/server.ts";

let dir: string;
test.beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "headroom-quotas-"));
});
test.afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const ONE = "/api/v1/namespaces/team";
const start = (durability: string) =>
  TestServer.start({ dir, env: { HEADROOM_LOG_LEVEL: "warn", HEADROOM_SESSION_DURABILITY: durability } });

interface Usage {
  bytes: number;
  items: number;
}

test("T67: after kill -9 amid writes, what a namespace uses is what it has, and its quota goes on to hold", async () => {
  let server = await start("always");
  const headers = { "x-namespace": "team" };
  const send = (method: string, target: string, body?: unknown) => server.send(method, target, body, headers);
  await server.send("PUT", ONE, { quota: { items: 120 } });
  await send("PUT", "/api/v1/collections/points", { dimensions: 2, metric: "dot" });
  let answered = 0;
  const acknowledged = { sessions: 0, messages: 0, points: 0 };
  const write = async (n: number, kind: keyof typeof acknowledged): Promise<void> => {
    const response = await {
      sessions: () => send("POST", "/api/v1/sessions", { data: { n } }),
      messages: () => send("POST", "/api/v1/conversations/c/messages", { role: "user", content: `${n}` }),
      points: () => send("PUT", "/api/v1/collections/points/points", { points: [{ id: `p${n}`, vector: [n, 1] }] }),
    }[kind]();
    if (response.status < 300) acknowledged[kind]++;
    if (++answered === 60) server.process.kill("SIGKILL");
  };
  const kinds = ["sessions", "messages", "points"] as const;
  // Whoever is quickest, there is one of each.
  for (const [n, kind] of kinds.entries()) await write(1_000 + n, kind);
  await Promise.allSettled(Array.from({ length: 300 }, (_, n) => write(n, kinds[n % 3] ?? "points")));
  await server.ended();
  server = await start("always");
  const { usage } = (await (await server.get(ONE)).json()) as {
    usage: Usage & { stores: Record<string, Usage> };
  };
  const { count } = (await (await send("GET", "/api/v1/sessions/count")).json()) as { count: number };
  const page = (await (await send("GET", "/api/v1/conversations/c/messages?limit=500")).json()) as { items: unknown[] };
  const collection = (await (await send("GET", "/api/v1/collections/points")).json()) as { items: number };
  const found = { sessions: count, messages: page.items.length, points: collection.items };
  const { sessions, conversations, vectors } = usage.stores;
  expect({ sessions: sessions?.items, messages: conversations?.items, points: vectors?.items }).toEqual(found);
  for (const kind of kinds) expect(found[kind]).toBeGreaterThanOrEqual(acknowledged[kind]);
  expect(usage.items).toBeLessThanOrEqual(120);
  const more = await Promise.all(
    Array.from({ length: 150 }, (_, n) => send("POST", "/api/v1/sessions", { data: { n } })),
  );
  expect(more.filter(({ status }) => status === 201)).toHaveLength(120 - usage.items);
  await server.stop();
});

test("a restart keeps quotas and usage but for the cache, whose entries are gone", async () => {
  let server = await start("everysec");
  const headers = { "x-namespace": "team" };
  await server.send("PUT", ONE, { quota: { bytes: 100_000, items: 10 } });
  await server.send("POST", "/api/v1/sessions", { data: "12345" }, headers);
  await server.send("PUT", "/api/v1/cache/key", "body", headers);
  const before = (await (await server.get(ONE)).json()) as { usage: Usage; version: number };
  expect(before.usage.items).toBe(2);
  await server.stop();
  server = await start("everysec");
  expect(await (await server.get(ONE)).json()).toMatchObject({
    quota: { bytes: 100_000, items: 10 },
    version: before.version,
    usage: { bytes: 7, items: 1, stores: { sessions: { bytes: 7, items: 1 }, cache: { bytes: 0, items: 0 } } },
  });
  await server.stop();
});
