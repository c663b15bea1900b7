// The peer of bench/http: the same work on a bare Hono with its own middleware (request ids, security headers, a key's digest
// compared in constant time), without bounds, accounting, versions, limits, durability or errors.
import { createHash, timingSafeEqual } from "node:crypto";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";

const key = createHash("sha256").update(process.env.BENCH_KEY).digest();
const sessions = new Map();
const app = new Hono();

app.use(requestId(), secureHeaders());
app.use("/api/*", async (c, next) => {
  const shown = createHash("sha256")
    .update((c.req.header("authorization") ?? "").slice(7))
    .digest();
  if (!timingSafeEqual(shown, key)) return c.json({ error: "unauthenticated" }, 401);
  await next();
});
app.post("/api/v1/sessions", async (c) => {
  const { data } = await c.req.json();
  const id = crypto.randomUUID();
  const now = new Date().toISOString();
  sessions.set(id, { id, createdAt: now, lastUsedAt: now, expiresAt: now, version: 1, data });
  return c.json({ id }, 201);
});
app.get("/api/v1/sessions/:id", (c) => {
  const session = sessions.get(c.req.param("id"));
  if (!session) return c.json({ error: "not found" }, 404);
  session.lastUsedAt = new Date().toISOString();
  return c.json(session);
});
app.get("/api/v1/auth/me", (c) =>
  c.json({ keyId: "environment", name: "operator", role: "operator", namespace: "default", expiresAt: null }),
);
app.get("/livez", (c) => c.json({ status: "live" }));

serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) =>
  console.log(`ready at http://127.0.0.1:${port}`),
);
