import { z } from "zod";
import type { Problem } from "../../../contracts/problem.ts";
import {
  type CollectionView,
  collectionParams,
  collectionSchema,
  collectionShapeSchema,
  collectionsPage,
  collectionsQuery,
  type OneSearch,
  recallQuery,
  recallSchema,
  type SearchesAnswer,
  searchAnswer,
  searchBody,
  searchesAnswer,
} from "../../../contracts/vectors.ts";
import type { CollectionInfo } from "../../../ports/vector-index.ts";
import { searchVectors } from "../../../services/search-vectors.ts";
import { AppError } from "../../../shared/errors.ts";
import type { Runtime } from "../../runtime.ts";
import { decodeSortedCursor, encodeSortedCursor, pageOf } from "../answer/page-cursor.ts";
import { toProblem } from "../answer/problem.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";
import { readFilter } from "../intake/read-filter.ts";
import { pointRoutes } from "./points.ts";

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

type Ranked = readonly [figure: number, name: string];

/** What collections are sorted by; those of one figure go by name. */
const FIGURES = {
  name: () => 0,
  points: ({ points }: CollectionInfo) => points,
  bytes: ({ bytes }: CollectionInfo) => bytes,
};

const searchReply = z.union([searchAnswer, searchesAnswer]);

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
      summary: "List collections in the order of their names, or sorted by points or bytes",
      query: collectionsQuery,
      responses: { 200: { description: "A page of collections", schema: collectionsPage } },
    },
    async ({ runtime, namespace, query }) => {
      const all = await runtime.vectors.collections(namespace);
      const { limit, cursor, sort = "name", order = "asc" } = query;
      const figure = FIGURES[sort];
      const sorted = `${sort} ${order}`;
      const after = decodeSortedCursor(cursor, sorted);
      const sign = order === "asc" ? 1 : -1;
      const compare = (a: Ranked, b: Ranked) => sign * (a[0] - b[0] || (a[1] < b[1] ? -1 : Number(a[1] > b[1])));
      const rankOf = (info: CollectionInfo): Ranked => [figure(info), info.name];
      const rest = after === null ? all : all.filter((info) => compare(rankOf(info), after) > 0);
      rest.sort((a, b) => compare(rankOf(a), rankOf(b)));
      const { items, nextCursor } = pageOf(rest, limit, (last) => encodeSortedCursor(sorted, rankOf(last)));
      return { items: items.map(viewOf), nextCursor };
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
      summary: "Search for the nearest points, by a vector, a text or a stored point; up to 32 searches in one call",
      growsMemory: false,
      params: collectionParams,
      body: searchBody,
      rounded: [["vector"], ["searches", "*", "vector"]],
      responses: {
        200: { description: "The matches, best first, or a result for each search", schema: searchReply },
        207: { description: "A result for each search; some failed", schema: searchesAnswer },
      },
    },
    async ({ runtime, namespace, params, body, requestId }) => {
      const run = (search: OneSearch, path: string) => searchOne(runtime, namespace, params.name, search, path);
      const { searches, ...single } = body;
      if (searches === undefined) return run(single, "");
      await runtime.vectors.collection(namespace, params.name);
      const results: SearchesAnswer["results"] = [];
      for (const [index, search] of searches.entries()) {
        const path = `/searches/${index}`;
        results.push({ index, ...(await orProblem(() => run(search, path), requestId, path)) });
      }
      return reply(results.every(({ status }) => status === 200) ? 200 : 207, { results });
    },
  ),
];

function searchOne(runtime: Runtime, namespace: string, name: string, search: OneSearch, path: string) {
  const filter = search.filter === undefined ? undefined : readFilter(search.filter, `${path}/filter`);
  const { vectors, rag } = runtime;
  const embed = rag.embedQuestion.bind(rag);
  return searchVectors({ vectors, embed }, namespace, name, { ...search, filter });
}

/** An item that fails does not end the call. Paths of its problem become those of the whole body. */
async function orProblem<Answer extends object>(
  run: () => Promise<Answer>,
  requestId: string,
  path: string,
): Promise<{ status: number; problem?: Problem } & Partial<Answer>> {
  try {
    return { status: 200, ...(await run()) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { problem } = toProblem(error, requestId);
    const errors = problem.errors?.map((one) => ({
      ...one,
      path: one.path.startsWith(path) ? one.path : `${path}${one.path}`,
    }));
    return { status: problem.status, problem: errors ? { ...problem, errors } : problem } as {
      status: number;
      problem: Problem;
    } & Partial<Answer>;
  }
}

/** Vectors: named collections, their points, search and recall. */
export const vectorRoutes: readonly Route[] = [...collectionRoutes, ...pointRoutes];
