import { z } from "zod";
import { idSchema, page } from "../../../contracts/common.ts";
import {
  newSessionSchema,
  putSessionQuery,
  replaceSessionSchema,
  sessionChangeSchema,
  sessionGetQuery,
  sessionListQuery,
  sessionPatchSchema,
  sessionSchema,
  sessionWithDataSchema,
  touchSessionSchema,
} from "../../../contracts/sessions.ts";
import { type SessionPosition, type SessionTerms, tagsText } from "../../../ports/session-rows.ts";
import type { SessionView } from "../../../ports/session-store.ts";
import { holds } from "../../../shared/condition.ts";
import { AppError } from "../../../shared/errors.ts";
import type { Json } from "../../../shared/json-value.ts";
import { NO_TERMS } from "../../../stores/sessions/session-terms.ts";
import { readCondition, versionHeaders, versionMismatch } from "../answer/entity-tag.ts";
import { decodeCursor, decodeWholeSortedCursor, encodeCursor, encodeSortedCursor } from "../answer/page-cursor.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";
import { toSession, withData } from "./session-views.ts";
import { manySessionsRoutes } from "./sessions-many.ts";

const BASE = "/api/v1/sessions";
const common = { role: "consumer", tag: "sessions" } as const;
const one = z.object({ id: idSchema });
const JSON_TYPE = "application/json; charset=utf-8";

interface NamedTerms {
  idleTimeoutSeconds?: number | undefined;
  expiresAt?: string | null | undefined;
  tags?: readonly string[] | undefined;
}

const instantOf = (time: string | null): number => (time === null ? Number.POSITIVE_INFINITY : Date.parse(time));

/** What is not named stays as it is. */
function toTerms({ idleTimeoutSeconds, expiresAt, tags: named }: NamedTerms): SessionTerms {
  if (idleTimeoutSeconds === undefined && expiresAt === undefined && named === undefined) return NO_TERMS;
  const idleTimeoutMs = idleTimeoutSeconds === undefined ? undefined : idleTimeoutSeconds * 1000;
  const endsAtMs = expiresAt === undefined ? undefined : instantOf(expiresAt);
  const tags = named === undefined ? undefined : tagsText(named);
  return { idleTimeoutMs, endsAtMs, tags };
}

const answer = (status: number, view: SessionView, headers?: Record<string, string>) =>
  reply(status, toSession(view), { ...versionHeaders(String(view.version)), ...headers });

const writing: readonly Route[] = [
  defineRoute(
    {
      ...common,
      method: "post",
      path: BASE,
      idempotent: true,
      summary: "Create a session; the server chooses its id",
      body: newSessionSchema,
      versioned: "answers",
      errors: [422],
      responses: { 201: { description: "The new session", schema: sessionSchema, headers: ["Location"] } },
    },
    async ({ runtime, namespace, body }) => {
      const view = await runtime.sessions.create(namespace, JSON.stringify(body.data), toTerms(body));
      return answer(201, view, { Location: `${BASE}/${view.id}` });
    },
  ),
  defineRoute(
    {
      ...common,
      method: "put",
      path: `${BASE}/{id}`,
      summary:
        "Replace a session's data; with If-None-Match: *, create a session under your own id (22–256 bytes; keep it secret); accepts If-Match and If-Version",
      params: one,
      query: putSessionQuery,
      body: replaceSessionSchema,
      versioned: true,
      errors: [404, 409, 422],
      responses: {
        200: { description: "The changed session", schema: sessionSchema },
        201: { description: "The new session, under the id of the path", schema: sessionSchema, headers: ["Location"] },
      },
    },
    async ({ runtime, namespace, params, query, body, request }) => {
      const { sessions } = runtime;
      const text = JSON.stringify(body.data);
      const terms = toTerms(body);
      const condition = readCondition(request);
      if (!condition?.noneMatch.includes("*"))
        return answer(200, await sessions.replace(namespace, params.id, text, condition, terms));
      // A version of what is not there yet cannot be met.
      if (!holds(condition, [])) throw versionMismatch();
      const view = await sessions.createOwn(namespace, params.id, text, terms, query.revive);
      return answer(201, view, { Location: `${BASE}/${encodeURIComponent(view.id)}` });
    },
  ),
  defineRoute(
    {
      ...common,
      method: "patch",
      path: `${BASE}/{id}`,
      summary:
        "Apply a merge patch (RFC 7396) to a session's data; as application/json, change its timeouts and tags too; accepts If-Match, If-None-Match and If-Version",
      params: one,
      body: sessionPatchSchema,
      bodyExample: { cart: ["book"], step: null },
      versioned: true,
      mediaTypes: ["application/merge-patch+json"],
      otherBodies: { "application/json": sessionChangeSchema },
      errors: [422],
      responses: { 200: { description: "The changed session", schema: sessionSchema } },
    },
    async ({ runtime, namespace, params, body, request }) => {
      // The body parser produces JSON values only, and has checked them by their media type.
      const isPatch = request.headers.get("content-type")?.toLowerCase().startsWith("application/merge-patch+json");
      const change = isPatch ? { data: body } : (body as z.output<typeof sessionChangeSchema>);
      const { sessions } = runtime;
      const condition = readCondition(request);
      const patch = change.data as Json | undefined;
      return answer(200, await sessions.patch(namespace, params.id, patch, condition, toTerms(change)));
    },
  ),
];

const reading: readonly Route[] = [
  defineRoute(
    {
      ...common,
      method: "get",
      path: `${BASE}/{id}`,
      summary: "Get a session and extend its idle timeout; with peek=1 only look at it",
      params: one,
      query: sessionGetQuery,
      versioned: true,
      responses: {
        200: { description: "The session with its data", schema: sessionWithDataSchema },
        304: { description: "Not modified: If-None-Match names the current version" },
      },
    },
    ({ runtime, namespace, params, query, request }) => {
      const show = (view: SessionView, data: Uint8Array) => {
        const tag = String(view.version);
        const { ETag, "X-Version": version } = versionHeaders(tag);
        const condition = readCondition(request);
        if (condition !== null) {
          // In this order (RFC 9110, 13.2.2): If-Match is evaluated before If-None-Match.
          if (!holds({ match: condition.match, noneMatch: [] }, [tag])) throw versionMismatch();
          if (!holds(condition, [tag])) return reply(304, undefined, { ETag, "X-Version": version });
        }
        return reply(200, withData(view, data), { "Content-Type": JSON_TYPE, ETag, "X-Version": version });
      };
      const { sessions } = runtime;
      return query.peek ? sessions.peek(namespace, params.id, show) : sessions.read(namespace, params.id, show);
    },
  ),
  defineRoute(
    {
      ...common,
      method: "post",
      path: `${BASE}/{id}/touch`,
      summary: "Extend the idle timeout of a session, and change its timeout or fixed end; the version stays",
      growsMemory: false,
      body: touchSessionSchema,
      bodyOptional: true,
      errors: [422],
      params: one,
      versioned: "answers",
      responses: { 200: { description: "The session", schema: sessionSchema } },
    },
    async ({ runtime, namespace, params, body }) =>
      answer(200, await runtime.sessions.touch(namespace, params.id, toTerms(body))),
  ),
  defineRoute(
    {
      ...common,
      method: "get",
      path: BASE,
      summary:
        "List live sessions without their data, newest first or sorted by bytes or a time; listing does not count as access and extends no timeouts",
      query: sessionListQuery,
      responses: { 200: { description: "A page of sessions", schema: page(sessionSchema) } },
    },
    async ({ runtime, namespace, query }) => {
      const { listing } = runtime.sessions;
      const { limit, cursor, sort = "createdAt", order = "desc", prefix, tag } = query;
      if (sort === "createdAt" && order === "desc") {
        const { views, next } = await listing.list(namespace, toPosition(cursor), limit, { prefix, tag });
        return { items: views.map(toSession), nextCursor: next && encodeCursor(`${next.createdAtMs}.${next.id}`) };
      }
      const sorted = `${sort} ${order}`;
      const after = decodeWholeSortedCursor(cursor, sorted);
      const { views, next } = await listing.listSorted(namespace, { prefix, tag, sort, order, after, limit });
      return { items: views.map(toSession), nextCursor: next && encodeSortedCursor(sorted, next) };
    },
  ),
  defineRoute(
    {
      ...common,
      method: "delete",
      path: `${BASE}/{id}`,
      summary: "Delete a session; accepts If-Match, If-None-Match and If-Version",
      params: one,
      versioned: true,
      responses: { 204: { description: "Deleted" } },
    },
    async ({ runtime, namespace, params, request }) => {
      await runtime.sessions.delete(namespace, params.id, readCondition(request));
      return reply(204);
    },
  ),
];

function toPosition(cursor: string | undefined): SessionPosition | null {
  const text = decodeCursor(cursor);
  if (text === null) return null;
  const match = /^(\d{1,15})\.([\w-]{43})$/.exec(text);
  if (!match?.[1] || !match[2]) {
    const errors = [{ path: "query.cursor", message: "must be a cursor that this list returned" }];
    throw new AppError("validation-failed", "query.cursor must be a cursor that this list returned.", { errors });
  }
  return { createdAtMs: Number(match[1]), id: match[2] };
}

export const sessionRoutes: readonly Route[] = [...writing, ...reading, ...manySessionsRoutes];
