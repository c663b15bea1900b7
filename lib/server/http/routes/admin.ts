import { z } from "zod";
import { auditEntrySchema } from "../../../contracts/audit.ts";
import { createdKeyAnswerSchema, keyPatchSchema, keyViewSchema, newKeySchema } from "../../../contracts/auth.ts";
import { idSchema, listQuery, page } from "../../../contracts/common.ts";
import { rollbackSchema, settingsPatchSchema, settingsViewSchema } from "../../../contracts/settings.ts";
import { AppError } from "../../../shared/errors.ts";
import { decodeAgeCursor, decodeNumberCursor, encodeAgeCursor, encodeCursor, pageOf } from "../answer/page-cursor.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";

const settingsAnswer = { 200: { description: "The current settings", schema: settingsViewSchema } };

const settingsRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/api/v1/settings",
      role: "operator",
      tag: "administration",
      summary: "Get the current settings",
      responses: settingsAnswer,
    },
    ({ runtime }) => runtime.settings.view(),
  ),
  defineRoute(
    {
      method: "patch",
      growsMemory: false,
      path: "/api/v1/settings",
      role: "operator",
      tag: "administration",
      summary: "Change settings; null resets a setting to its default",
      body: settingsPatchSchema,
      mediaTypes: ["application/json", "application/merge-patch+json"],
      errors: [409, 507],
      responses: settingsAnswer,
    },
    async ({ runtime, body, identity, requestId }) => {
      await runtime.settings.patch(body, identity.name);
      await runtime.audit.done(
        identity,
        "settings.patch",
        Object.keys(body).join(","),
        JSON.stringify(body),
        requestId,
      );
      return runtime.settings.view();
    },
  ),
  defineRoute(
    {
      method: "post",
      growsMemory: false,
      path: "/api/v1/settings/rollback",
      idempotent: true,
      role: "operator",
      tag: "administration",
      summary: "Roll back to an earlier revision of the settings",
      body: rollbackSchema,
      bodyOptional: true,
      errors: [404, 409, 507],
      responses: settingsAnswer,
    },
    async ({ runtime, body, identity, requestId }) => {
      const revision = await runtime.settings.rollback(body.revision, identity.name);
      await runtime.audit.done(identity, "settings.rollback", String(revision), "", requestId);
      return runtime.settings.view();
    },
  ),
];

const unknownKey = () => new AppError("not-found", "No API key has this id.");

/** Milliseconds; null and undefined as given. @throws {AppError} `unprocessable` for a time that is over. */
function endOf(expiresAt: string | null | undefined, nowMs: number): number | null | undefined {
  if (expiresAt === null || expiresAt === undefined) return expiresAt;
  const endsAtMs = Date.parse(expiresAt);
  if (endsAtMs > nowMs) return endsAtMs;
  throw new AppError("unprocessable", "expiresAt must be in the future.", {
    errors: [{ path: "/expiresAt", message: "must be in the future" }],
  });
}

const keyRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/api/v1/keys",
      role: "operator",
      tag: "administration",
      summary: "List API keys, without their secrets",
      query: listQuery,
      responses: { 200: { description: "A page of keys", schema: page(keyViewSchema) } },
    },
    ({ runtime, query }) => {
      const found = runtime.keys.list(decodeAgeCursor(query.cursor), query.limit + 1);
      return pageOf(found, query.limit, encodeAgeCursor);
    },
  ),
  defineRoute(
    {
      method: "post",
      growsMemory: false,
      path: "/api/v1/keys",
      idempotent: true,
      shownOnce: "key",
      role: "operator",
      tag: "administration",
      summary: "Create an API key",
      body: newKeySchema,
      errors: [507],
      responses: {
        201: {
          description: "The key; its secret is shown only in this response",
          schema: createdKeyAnswerSchema,
          headers: ["Location"],
        },
      },
    },
    async ({ runtime, body, identity, requestId }) => {
      const expiresAtMs = endOf(body.expiresAt, runtime.clock.nowMs()) ?? null;
      const { name, role, namespace, ratePerMinute } = body;
      const created = await runtime.keys.create({ name, role, namespace, expiresAtMs, ratePerMinute });
      await runtime.audit.done(identity, "keys.create", created.id, `${role} in ${namespace}`, requestId);
      return reply(201, created, { Location: `/api/v1/keys/${created.id}` });
    },
  ),
  defineRoute(
    {
      method: "patch",
      growsMemory: false,
      path: "/api/v1/keys/{id}",
      role: "operator",
      tag: "administration",
      summary: "Change an API key's name, expiry or rate; null takes an expiry or a rate away",
      errors: [409],
      params: z.object({ id: idSchema }),
      body: keyPatchSchema,
      mediaTypes: ["application/json", "application/merge-patch+json"],
      responses: { 200: { description: "The key as it is now", schema: keyViewSchema } },
    },
    async ({ runtime, params, body, identity, requestId }) => {
      const { name, ratePerMinute } = body;
      const expiresAtMs = endOf(body.expiresAt, runtime.clock.nowMs());
      const view = await runtime.keys.change(params.id, { name, expiresAtMs, ratePerMinute });
      if (view === null) throw unknownKey();
      await runtime.audit.done(identity, "keys.change", params.id, JSON.stringify(body), requestId);
      return view;
    },
  ),
  defineRoute(
    {
      method: "post",
      growsMemory: false,
      path: "/api/v1/keys/{id}/rotate",
      idempotent: true,
      shownOnce: "key",
      role: "operator",
      tag: "administration",
      summary: "Give an API key a new secret; the old secret and its dashboard sessions end",
      params: z.object({ id: idSchema }),
      responses: {
        200: { description: "The key; its new secret is shown only in this response", schema: createdKeyAnswerSchema },
      },
    },
    async ({ runtime, params, identity, requestId }) => {
      const rotated = await runtime.keys.rotate(params.id);
      if (rotated === null) throw unknownKey();
      await runtime.audit.done(identity, "keys.rotate", params.id, "", requestId);
      return rotated;
    },
  ),
  defineRoute(
    {
      method: "delete",
      path: "/api/v1/keys/{id}",
      role: "operator",
      tag: "administration",
      summary: "Revoke an API key and end its dashboard sessions",
      params: z.object({ id: idSchema }),
      responses: { 204: { description: "Revoked" } },
    },
    async ({ runtime, params, identity, requestId }) => {
      if (!(await runtime.keys.revoke(params.id))) throw unknownKey();
      await runtime.audit.done(identity, "keys.revoke", params.id, "", requestId);
      return reply(204);
    },
  ),
];

const auditRoute = defineRoute(
  {
    method: "get",
    path: "/api/v1/audit",
    role: "operator",
    tag: "administration",
    summary: "List audit entries, newest first; the newest 10,000 are kept",
    query: listQuery,
    responses: { 200: { description: "A page of audit entries", schema: page(auditEntrySchema) } },
  },
  async ({ runtime, query }) => {
    const rows = await runtime.audit.list(query.limit + 1, decodeNumberCursor(query.cursor));
    const { items, nextCursor } = pageOf(rows, query.limit, ({ id }) => encodeCursor(id));
    return { items: items.map(({ atMs, ...entry }) => ({ ...entry, at: new Date(atMs).toISOString() })), nextCursor };
  },
);

export const adminRoutes: readonly Route[] = [...settingsRoutes, ...keyRoutes, auditRoute];
