// What one would write first: the same routes over Hono, sessions and responses as live objects in Maps that nothing bounds, but for
// the responses if BASELINE_CACHE_ENTRIES says so.
// `PORT=0 node bench/baseline/server.mjs` prints `Baseline is ready at URL`. No auth; it ignores the header.
import { randomUUID } from "node:crypto";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { LRUCache } from "lru-cache";

const sessions = new Map();
// The report's system had a bound here, of 100, and none on its sessions.
const max = Number(process.env.BASELINE_CACHE_ENTRIES ?? 0);
const responses = max > 0 ? new LRUCache({ max, ttl: 300_000 }) : new Map();

const view = ({ data: _data, ...meta }) => meta;
const app = new Hono();

app.post("/api/v1/sessions", async (c) => {
  const { data } = await c.req.json();
  const nowMs = Date.now();
  const session = {
    id: randomUUID(),
    createdAt: new Date(nowMs).toISOString(),
    lastUsedAt: new Date(nowMs).toISOString(),
    expiresAt: new Date(nowMs + 1_800_000).toISOString(),
    version: 1,
    data,
  };
  sessions.set(session.id, session);
  return c.json(view(session), 201);
});

/** A use slides the timeout and says so. */
function use(id) {
  const session = sessions.get(id);
  if (!session) return undefined;
  const nowMs = Date.now();
  session.lastUsedAt = new Date(nowMs).toISOString();
  session.expiresAt = new Date(nowMs + 1_800_000).toISOString();
  return session;
}

app.get("/api/v1/sessions/:id", (c) => {
  const session = use(c.req.param("id"));
  return session ? c.json(session) : c.json({ code: "not-found" }, 404);
});

app.put("/api/v1/sessions/:id", async (c) => {
  const { data } = await c.req.json();
  const session = use(c.req.param("id"));
  if (!session) return c.json({ code: "not-found" }, 404);
  session.data = data;
  session.version += 1;
  sessions.set(session.id, session);
  return c.json(view(session));
});

app.post("/api/v1/sessions/:id/touch", (c) => {
  const session = use(c.req.param("id"));
  return session ? c.json(view(session)) : c.json({ code: "not-found" }, 404);
});

app.delete("/api/v1/sessions/:id", (c) => {
  return sessions.delete(c.req.param("id")) ? c.body(null, 204) : c.json({ code: "not-found" }, 404);
});

// A JSON answer is kept as the object that it is, as the report's system did; anything else as its bytes.
app.put("/api/v1/cache/:key", async (c) => {
  const mediaType = c.req.header("content-type") ?? "application/octet-stream";
  const value = mediaType === "application/json" ? await c.req.json() : Buffer.from(await c.req.arrayBuffer());
  const known = responses.has(c.req.param("key"));
  responses.set(c.req.param("key"), { mediaType, value });
  return c.body(null, known ? 204 : 201);
});

app.get("/api/v1/cache/:key", (c) => {
  const entry = responses.get(c.req.param("key"));
  if (!entry) return c.json({ code: "not-found" }, 404, { "X-Cache": "MISS" });
  const body = Buffer.isBuffer(entry.value) ? entry.value : JSON.stringify(entry.value);
  return c.body(body, 200, { "content-type": entry.mediaType, "X-Cache": "HIT" });
});

app.delete("/api/v1/cache/:key", (c) => {
  return responses.delete(c.req.param("key")) ? c.body(null, 204) : c.json({ code: "not-found" }, 404);
});

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 0), hostname: "127.0.0.1" }, ({ port }) => {
  console.log(`Baseline is ready at http://127.0.0.1:${port}`);
});
