import type { Problem } from "../../../contracts/problem.ts";
import {
  collectionParams,
  type PointsBatch,
  type PointsBatchAnswer,
  patchPointBody,
  pointParams,
  pointSchema,
  pointsBatchAnswer,
  pointsBatchBody,
  pointsBody,
  pointsPage,
  pointsQuery,
  upsertedSchema,
} from "../../../contracts/vectors.ts";
import type { Refusal, VectorIndex } from "../../../ports/vector-index.ts";
import { getPoints, type PointOutcome, removeMatching, removePoints } from "../../../services/batch-points.ts";
import { patchPoint } from "../../../services/patch-point.ts";
import { AppError } from "../../../shared/errors.ts";
import { hasCondition } from "../../../shared/filter.ts";
import { decodeNumberCursor, encodeCursor } from "../answer/page-cursor.ts";
import { toProblem } from "../answer/problem.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";
import { readFilter, readFilterParameter } from "../intake/read-filter.ts";

const tag = "vectors";
const role = "consumer";

function refusalView({ index, id, code, reason, pointer }: Refusal, requestId: string) {
  const path = `/points/${index}${pointer}`;
  const error = new AppError(code, `Point ${index}: ${reason}.`, { errors: [{ path, message: reason }] });
  const { problem } = toProblem(error, requestId);
  return { index, id, status: problem.status, problem };
}

export const pointRoutes: readonly Route[] = [
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
      summary: "List points in the order of insertion: ids and metadata, vectors too if asked for",
      params: collectionParams,
      query: pointsQuery,
      errors: [422],
      responses: { 200: { description: "A page of points", schema: pointsPage } },
    },
    async ({ runtime, namespace, params, query }) => {
      const { items, nextCursor } = await runtime.vectors.list(namespace, params.name, {
        limit: query.limit,
        cursor: decodeNumberCursor(query.cursor) ?? 0,
        includeVectors: query.includeVectors,
        filter: readFilterParameter(query.filter, "filter"),
      });
      return { items, nextCursor: nextCursor === null ? null : encodeCursor(nextCursor) };
    },
  ),
  defineRoute(
    {
      method: "post",
      path: "/api/v1/collections/{name}/points/batch",
      role,
      tag,
      summary: "Get and delete points by id, then delete those that match a filter; dryRun counts these",
      growsMemory: false,
      params: collectionParams,
      body: pointsBatchBody,
      responses: {
        200: { description: "A result for each id", schema: pointsBatchAnswer },
        207: { description: "A result for each id; some are not there", schema: pointsBatchAnswer },
      },
    },
    async ({ runtime, namespace, params, body, requestId }) => {
      const answer = await runPointsBatch(runtime.vectors, namespace, params.name, body, requestId);
      return reply(answer.results.every(({ status }) => status < 400) ? 200 : 207, answer);
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
      method: "patch",
      path: "/api/v1/collections/{name}/points/{id}",
      role,
      tag,
      summary: "Change a point's metadata by a merge patch; its vector stays",
      params: pointParams,
      body: patchPointBody,
      mediaTypes: ["application/json", "application/merge-patch+json"],
      responses: { 200: { description: "The changed point", schema: pointSchema } },
    },
    ({ runtime, namespace, params, body }) =>
      patchPoint(runtime.vectors, namespace, params.name, params.id, body.metadata),
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

async function runPointsBatch(
  vectors: VectorIndex,
  namespace: string,
  name: string,
  body: PointsBatch,
  requestId: string,
): Promise<PointsBatchAnswer> {
  await vectors.collection(namespace, name);
  // Read before anything is removed: a bad filter changes nothing.
  const filter = body.filter === undefined ? null : readFilter(body.filter, "/filter");
  if (filter !== null && !hasCondition(filter)) throw emptyFilter();
  const results: PointsBatchAnswer["results"] = [];
  const gets = await getPoints(vectors, namespace, name, { ids: body.get ?? [], mostValues: MOST_VALUES });
  for (const [index, { outcome, point }] of gets.entries())
    results.push({ op: "get", index, id: body.get?.[index] ?? "", ...ofPoint(outcome, requestId, 200), point });
  const removals = await removePoints(vectors, namespace, name, body.delete ?? []);
  for (const [index, outcome] of removals.entries())
    results.push({ op: "delete", index, id: body.delete?.[index] ?? "", ...ofPoint(outcome, requestId, 204) });
  if (body.filter === undefined && body.all === undefined) return { results };
  if (body.dryRun) return { results, ...(await vectors.measure(namespace, name, filter)) };
  return { results, removed: await removeMatching(vectors, namespace, name, filter) };
}

function emptyFilter(): AppError {
  const message = "must have a condition; all: true deletes every point";
  return new AppError("validation-failed", `/filter: ${message}`, { errors: [{ path: "/filter", message }] });
}

/** Values of one answer: as JSON they take some 5 MB. */
const MOST_VALUES = 262_144;

function ofPoint(outcome: PointOutcome, requestId: string, status: number): { status: number; problem?: Problem } {
  if (outcome === "done") return { status };
  const error =
    outcome === "absent"
      ? new AppError("not-found", "No point has this id.")
      : new AppError("body-too-large", "The answer would be too large; get this point in another call.");
  const { problem } = toProblem(error, requestId);
  return { status: problem.status, problem };
}
