import { listQuery, page } from "../../../contracts/common.ts";
import {
  type NamespaceView,
  namespaceParams,
  namespaceViewSchema,
  putNamespaceSchema,
} from "../../../contracts/namespaces.ts";
import { AppError } from "../../../shared/errors.ts";
import { type NamespaceUsage, sum } from "../../admin/namespace-quotas.ts";
import { readCondition, versionHeaders } from "../answer/entity-tag.ts";
import { decodeNameCursor, encodeCursor, pageOf } from "../answer/page-cursor.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";

const LIST = "/api/v1/namespaces";
const ONE = `${LIST}/{name}`;
const common = { role: "operator", tag: "administration" } as const;

function viewOf(name: string, { quota, version, used }: NamespaceUsage): NamespaceView {
  if (used === null) return { name, quota, usage: null, version };
  const { session: sessions, cache, point: vectors, document: documents, message: conversations } = used;
  const usage = { ...sum(Object.values(used)), stores: { sessions, cache, vectors, documents, conversations } };
  return { name, quota, usage, version };
}

export const namespaceRoutes: readonly Route[] = [
  defineRoute(
    {
      ...common,
      method: "get",
      path: LIST,
      summary: "List namespaces that have a key or a quota, by name, with their usage where there is a quota",
      query: listQuery,
      responses: { 200: { description: "A page of namespaces", schema: page(namespaceViewSchema) } },
    },
    async ({ runtime: { keys, quotas }, query }) => {
      const after = decodeNameCursor(query.cursor);
      const known = [...new Set([...keys.namespaces(), ...quotas.names()])].sort();
      const left = after === null ? known : known.filter((name) => name > after);
      const { items: names, nextCursor } = pageOf(left, query.limit, encodeCursor);
      const views = await quotas.views(names);
      return { items: names.map((name, at) => viewOf(name, views[at] as NamespaceUsage)), nextCursor };
    },
  ),
  defineRoute(
    {
      ...common,
      method: "get",
      path: ONE,
      summary: "Get a namespace that has a key or a quota, with its usage where there is a quota",
      params: namespaceParams,
      // The version is the quota's, and usage changes without it: there is no 304.
      versioned: "answers",
      responses: { 200: { description: "The namespace", schema: namespaceViewSchema } },
    },
    async ({ runtime: { keys, quotas }, params: { name } }) => {
      const [view] = await quotas.views([name]);
      if (view === undefined || (view.version === 0 && !keys.namespaces().has(name)))
        throw new AppError("not-found", "No namespace of this name has a key or a quota.");
      return reply(200, viewOf(name, view), versionHeaders(String(view.version)));
    },
  ),
  defineRoute(
    {
      ...common,
      method: "put",
      growsMemory: false,
      path: ONE,
      summary: "Set what a namespace may keep, in bytes, items or both; null lifts it. What is there stays",
      params: namespaceParams,
      body: putNamespaceSchema,
      versioned: true,
      errors: [409, 507],
      responses: { 200: { description: "The namespace, with what it keeps now", schema: namespaceViewSchema } },
    },
    async ({ runtime, params: { name }, body, identity, request, requestId }) => {
      const { bytes = null, items = null } = body.quota ?? {};
      const view = await runtime.quotas.set(name, { bytes, items }, readCondition(request));
      await runtime.audit.done(identity, "namespaces.quota", name, JSON.stringify({ bytes, items }), requestId);
      return reply(200, viewOf(name, view), versionHeaders(String(view.version)));
    },
  ),
];
