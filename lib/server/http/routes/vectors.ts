import { DEFAULT_PAGE_SIZE, listQuery } from "../../../contracts/common.ts";
import {
  type CollectionView,
  collectionParams,
  collectionSchema,
  collectionShapeSchema,
  collectionsPage,
  pointParams,
  pointSchema,
  pointsBody,
  pointsPage,
  pointsQuery,
  recallQuery,
  recallSchema,
  searchAnswer,
  searchBody,
  upsertedSchema,
} from "../../../contracts/vectors.ts";
import type { CollectionInfo, Refusal } from "../../../ports/vector-index.ts";
import { AppError } from "../../../shared/errors.ts";
import { decodeNameCursor, decodeNumberCursor, encodeCursor } from "../answer/page-cursor.ts";
import { toProblem } from "../answer/problem.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";
import { readFilter, readFilterParameter } from "../intake/read-filter.ts";

const tag = "vectors";
const role = "consumer";

function viewOf({ namespace: _, createdAtMs, points, hot, coded, diskOnly, ...info }: CollectionInfo): CollectionView {
  const tiers = { hot, cold: coded, disk: diskOnly };
  return {
    ...info,
    createdAt: new Date(createdAtMs).toISOString(),
    items: points,
    tiers,
    spilledItems: Math.max(0, points - hot),
  };
}

const collectionRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "put",
      path: "/api/v1/collections/{name}",
      role,
      tag,
      summary: "Create a collection, or confirm that it exists with this shape",
      params: collectionParams,
      body: collectionShapeSchema,
      errors: [409],
      responses: {
        200: { description: "The collection already exists with this shape", schema: collectionSchema },
        201: { description: "Created", schema: collectionSchema, headers: ["Location"] },
      },
    },
    async ({ runtime, namespace, params, body }) => {
      const { created, collection } = await runtime.vectors.create(namespace, params.name, body);
      if (!created) return viewOf(collection);
      return reply(201, viewOf(collection), { Location: `/api/v1/collections/${encodeURIComponent(params.name)}` });
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/collections",
      role,
      tag,
      summary: "List collections in the order of their names",
      query: listQuery,
      responses: { 200: { description: "A page of collections", schema: collectionsPage } },
    },
    async ({ runtime, namespace, query }) => {
      const after = decodeNameCursor(query.cursor);
      const limit = query.limit ?? DEFAULT_PAGE_SIZE;
      const all = await runtime.vectors.collections(namespace);
      const rest = after === null ? all : all.filter(({ name }) => name > after);
      const items = rest.slice(0, limit).map(viewOf);
      const last = items.at(-1);
      return { items, nextCursor: last && rest.length > limit ? encodeCursor(last.name) : null };
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/collections/{name}",
      role,
      tag,
      summary: "Get a collection: shape, size, tiers and hit ratio",
      params: collectionParams,
      responses: { 200: { description: "The collection", schema: collectionSchema } },
    },
    async ({ runtime, namespace, params }) => viewOf(await runtime.vectors.collection(namespace, params.name)),
  ),
  defineRoute(
    {
      method: "delete",
      path: "/api/v1/collections/{name}",
      role,
      tag,
      summary: "Delete a collection and all its points",
      params: collectionParams,
      responses: { 204: { description: "Deleted" } },
    },
    async ({ runtime, namespace, params }) => {
      await runtime.vectors.drop(namespace, params.name);
      return reply(204);
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/collections/{name}/recall",
      role,
      tag,
      summary: "Measure recall@10 of searches against an exact scan of the original vectors",
      params: collectionParams,
      query: recallQuery,
      responses: { 200: { description: "The measurement", schema: recallSchema } },
    },
    ({ runtime, namespace, params, query }) => runtime.vectors.recall(namespace, params.name, query.sample ?? 100),
  ),
  defineRoute(
    {
      method: "post",
      path: "/api/v1/collections/{name}/search",
      role,
      tag,
      summary: "Search for the nearest points",
      growsMemory: false,
      params: collectionParams,
      body: searchBody,
      rounded: [["vector"]],
      responses: { 200: { description: "The matches, best first", schema: searchAnswer } },
    },
    ({ runtime, namespace, params, body }) => {
      const filter = body.filter === undefined ? undefined : readFilter(body.filter, "/filter");
      const { vector, k, exact, includeVectors, minScore } = body;
      return runtime.vectors.search(namespace, params.name, { vector, k, filter, exact, includeVectors, minScore });
    },
  ),
];

function refusalView({ index, id, code, reason, pointer }: Refusal, requestId: string) {
  const path = `/points/${index}${pointer}`;
  const error = new AppError(code, `Point ${index}: ${reason}.`, { errors: [{ path, message: reason }] });
  const { problem } = toProblem(error, requestId);
  return { index, id, status: problem.status, problem };
}

const pointRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "put",
      path: "/api/v1/collections/{name}/points",
      role,
      tag,
      summary: "Insert or replace up to 1,000 points",
      params: collectionParams,
      body: pointsBody,
      rounded: [["points", "*", "vector"]],
      responses: {
        200: { description: "All points were stored", schema: upsertedSchema },
        207: { description: "Some points were refused; the others were stored", schema: upsertedSchema },
      },
    },
    async ({ runtime, namespace, params, body, requestId }) => {
      const { upserted, refused } = await runtime.vectors.upsert(namespace, params.name, body.points);
      if (refused.length === 0) return { upserted };
      return reply(207, { upserted, results: refused.map((refusal) => refusalView(refusal, requestId)) });
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/collections/{name}/points",
      role,
      tag,
      summary: "List points, ids and metadata only, in the order of insertion",
      params: collectionParams,
      query: pointsQuery,
      responses: { 200: { description: "A page of points", schema: pointsPage } },
    },
    async ({ runtime, namespace, params, query }) => {
      const { items, nextCursor } = await runtime.vectors.list(namespace, params.name, {
        limit: query.limit ?? DEFAULT_PAGE_SIZE,
        cursor: decodeNumberCursor(query.cursor) ?? 0,
        filter: readFilterParameter(query.filter, "filter"),
      });
      return { items, nextCursor: nextCursor === null ? null : encodeCursor(nextCursor) };
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/collections/{name}/points/{id}",
      role,
      tag,
      summary: "Get a point",
      params: pointParams,
      responses: { 200: { description: "The point, with its vector at the stored precision", schema: pointSchema } },
    },
    async ({ runtime, namespace, params }) => {
      const [point] = await runtime.vectors.get(namespace, params.name, [params.id]);
      if (!point) throw new AppError("not-found", "No point has this id.");
      return point;
    },
  ),
  defineRoute(
    {
      method: "delete",
      path: "/api/v1/collections/{name}/points/{id}",
      role,
      tag,
      summary: "Delete a point",
      params: pointParams,
      responses: { 204: { description: "Deleted" } },
    },
    async ({ runtime, namespace, params }) => {
      const removed = await runtime.vectors.remove(namespace, params.name, [params.id]);
      if (removed === 0) throw new AppError("not-found", "No point has this id.");
      return reply(204);
    },
  ),
];

/** Vectors: named collections, their points, search and recall. */
export const vectorRoutes: readonly Route[] = [...collectionRoutes, ...pointRoutes];
