import { randomBytes } from "node:crypto";
import { z } from "zod";
import { idSchema } from "../../../lib/contracts/common.ts";
import { newSessionSchema, replaceSessionSchema } from "../../../lib/contracts/sessions.ts";
import { readCondition, versionHeaders } from "../../../lib/server/http/answer/entity-tag.ts";
import { defineRoute, type Route, reply } from "../../../lib/server/http/define-route.ts";
import type { Runtime } from "../../../lib/server/runtime.ts";
import { holds } from "../../../lib/shared/condition.ts";
import { AppError } from "../../../lib/shared/errors.ts";
import { isoTime } from "../../../lib/shared/iso-time.ts";
import type { LiveSessions } from "./compose-sessions.ts";
import type { LiveSession } from "./session-keeping.ts";

const BASE = "/api/v1/sessions";
const common = { role: "consumer", tag: "sessions", summary: "As the app's own, on live objects" } as const;
const one = z.object({ id: idSchema });
const responses = { 200: { description: "The session" } };

/** What composeSessions put there in this bundle. */
const storeOf = (runtime: Runtime) => runtime.sessions as unknown as LiveSessions;

function toView(session: LiveSession) {
  return {
    id: session.id,
    createdAt: isoTime(session.createdAtMs),
    lastUsedAt: isoTime(session.lastUsedAtMs),
    expiresAt: isoTime(session.lastUsedAtMs + session.idleTimeoutMs),
    idleTimeoutSeconds: session.idleTimeoutMs / 1000,
    version: session.version,
  };
}

/** The session, used now. A promise only where it has to be fetched: the peer that keeps nothing must not pay for one. */
function use<Result>(
  runtime: Runtime,
  namespace: string,
  id: string,
  act: (session: LiveSession) => Result,
): Result | Promise<Awaited<Result>> {
  const store = storeOf(runtime);
  const nowMs = runtime.clock.nowMs();
  const met = (session: LiveSession | null | undefined): Result => {
    if (!session || session.namespace !== namespace) throw new AppError("not-found", "There is no such session.");
    session.lastUsedAtMs = nowMs;
    store.keeping?.used(id, nowMs);
    return act(session);
  };
  const session = store.get(id);
  if (session || !store.keeping) return met(session);
  return fetched(store, store.keeping.load(id, nowMs), met);
}

async function fetched<Result>(
  store: LiveSessions,
  load: Promise<LiveSession | null>,
  act: (session: LiveSession | null) => Result,
): Promise<Awaited<Result>> {
  const session = await load;
  if (session) store.entries.set(session.id, session, { ttl: session.idleTimeoutMs });
  return await act(session);
}

const answer = (status: number, session: LiveSession, headers?: Record<string, string>) =>
  reply(status, toView(session), { ...versionHeaders(String(session.version)), ...headers });

export const sessionRoutes: readonly Route[] = [
  defineRoute(
    { ...common, method: "post", path: BASE, body: newSessionSchema, responses },
    async ({ runtime, namespace, body }) => {
      const store = storeOf(runtime);
      const nowMs = runtime.clock.nowMs();
      const idleTimeoutMs = body.idleTimeoutSeconds ? body.idleTimeoutSeconds * 1000 : store.entries.ttl;
      const session = {
        id: randomBytes(32).toString("base64url"),
        namespace,
        createdAtMs: nowMs,
        lastUsedAtMs: nowMs,
        idleTimeoutMs,
        version: 1,
        data: body.data,
      };
      store.entries.set(session.id, session, { ttl: idleTimeoutMs });
      await store.keeping?.put(session);
      return answer(201, session, { Location: `${BASE}/${session.id}` });
    },
  ),
  defineRoute(
    { ...common, method: "put", path: `${BASE}/{id}`, params: one, body: replaceSessionSchema, responses },
    ({ runtime, namespace, params, body, request }) => {
      const wanted = readCondition(request);
      return use(runtime, namespace, params.id, async (session) => {
        if (wanted && !holds(wanted, [String(session.version)]))
          throw new AppError("version-mismatch", "Another version.");
        session.data = body.data;
        session.version += 1;
        await storeOf(runtime).keeping?.put(session);
        return answer(200, session);
      });
    },
  ),
  defineRoute(
    { ...common, method: "get", path: `${BASE}/{id}`, params: one, responses },
    ({ runtime, namespace, params, request }) =>
      use(runtime, namespace, params.id, (session) => {
        const headers = versionHeaders(String(session.version));
        const known = readCondition(request);
        if (known && !holds(known, [String(session.version)])) return reply(304, undefined, headers);
        return reply(200, { ...toView(session), data: session.data }, headers);
      }),
  ),
  defineRoute(
    { ...common, method: "post", path: `${BASE}/{id}/touch`, params: one, responses },
    ({ runtime, namespace, params }) => use(runtime, namespace, params.id, (session) => answer(200, session)),
  ),
  defineRoute(
    { ...common, method: "delete", path: `${BASE}/{id}`, params: one, responses },
    ({ runtime, namespace, params }) =>
      use(runtime, namespace, params.id, async ({ id }) => {
        storeOf(runtime).entries.delete(id);
        await storeOf(runtime).keeping?.delete(id);
        return reply(204);
      }),
  ),
];
