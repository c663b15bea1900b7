/**
 * The system before optimization, written fairly: sessions in a Map that nothing bounds, responses in a cache of 100 entries,
 * both as live objects, behind the same routes. `node --import tsx bench/baseline/server.ts PORT KEY`.
 */
import { randomUUID } from "node:crypto";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { BaselineCache } from "./baseline-cache.ts";
import { BaselineSessions } from "./baseline-sessions.ts";

const port = Number(process.argv[2] ?? 3001);
const key = process.argv[3] ?? "operator-key-0123456789";

const app = new Hono();
const sessions = new BaselineSessions();
const cache = new BaselineCache();

app.use("*", async (c, next) => {
  if (c.req.header("authorization") !== `Bearer ${key}`) return c.json({ status: 401 }, 401);
  await next();
  c.header("X-Request-Id", randomUUID());
  return undefined;
});

app.post("/api/v1/sessions", async (c) => {
  const { data } = (await c.req.json()) as { data: unknown };
  return c.json(sessions.create(data), 201);
});
app.get("/api/v1/sessions/:id", (c) => {
  const session = sessions.read(c.req.param("id"));
  return session ? c.json(session) : c.json({ status: 404 }, 404);
});
app.put("/api/v1/sessions/:id", async (c) => {
  const { data } = (await c.req.json()) as { data: unknown };
  const session = sessions.update(c.req.param("id"), data);
  return session ? c.json(session) : c.json({ status: 404 }, 404);
});
app.delete("/api/v1/sessions/:id", (c) => (sessions.delete(c.req.param("id")) ? c.body(null, 204) : c.body(null, 404)));

app.get("/api/v1/cache/:key", (c) => {
  const found = cache.get(c.req.param("key"));
  if (!found) return c.json({ status: 404 }, 404, { "X-Cache": "MISS", "X-Fill-Lease": randomUUID() });
  const age = String(Math.floor((Date.now() - found.storedAt) / 1000));
  return c.body(found.isJson ? JSON.stringify(found.value) : (found.value as ArrayBuffer), 200, {
    "Content-Type": found.mediaType,
    "X-Cache": "HIT",
    Age: age,
  });
});
app.put("/api/v1/cache/:key", async (c) => {
  const mediaType = c.req.header("content-type") ?? "application/octet-stream";
  const isJson = mediaType.startsWith("application/json");
  const value: unknown = isJson ? await c.req.json() : await c.req.arrayBuffer();
  return c.body(null, cache.set(c.req.param("key"), { value, isJson, mediaType, storedAt: Date.now() }) ? 201 : 204);
});
app.get("/stats", (c) => c.json({ sessions: sessions.size, responses: cache.size, memory: process.memoryUsage() }));

serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, () =>
  console.log(`Baseline is ready at http://127.0.0.1:${port}`),
);
