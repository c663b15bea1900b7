import { z } from "zod";
import { idSchema, listQuery, page } from "../../../contracts/common.ts";
import { optimizationRunSchema, recommendationSchema } from "../../../contracts/memory.ts";
import { optimizeSchema, stepListSchema } from "../../../contracts/optimizer.ts";
import { AppError } from "../../../shared/errors.ts";
import { runFor } from "../../auth/audience.ts";
import { decodeNameCursor, encodeCursor, pageOf } from "../answer/page-cursor.ts";
import { defineRoute, type Route } from "../define-route.ts";

const optimize = defineRoute(
  {
    method: "post",
    growsMemory: false,
    path: "/monitoring/memory/optimize",
    idempotent: true,
    role: "operator",
    tag: "monitoring",
    summary: "Free memory, or predict what a run would free; joins a run in progress",
    body: optimizeSchema,
    bodyOptional: true,
    responses: { 200: { description: "The finished run", schema: optimizationRunSchema } },
  },
  async ({ runtime, body, identity, requestId }) => {
    const { dryRun, targetRatio, steps } = body;
    const run = await runtime.memory.optimizer.optimize({
      trigger: "manual",
      actor: identity.name,
      actorNamespace: identity.namespace,
      ...(dryRun === undefined ? {} : { dryRun }),
      ...(targetRatio === undefined ? {} : { targetRatio }),
      ...(steps === undefined ? {} : { steps }),
    });
    // A caller that joined requested the run as well, so both are in the audit log with the same run.
    if (!dryRun) await runtime.audit.done(identity, "memory.optimize", run.id, JSON.stringify(body), requestId);
    return run;
  },
);

const listSteps = defineRoute(
  {
    method: "get",
    path: "/monitoring/memory/optimize/steps",
    role: "viewer",
    tag: "monitoring",
    summary: "List the optimization steps available now, in the order of a run",
    responses: { 200: { description: "The names of the steps", schema: stepListSchema } },
  },
  ({ runtime }) => ({ items: runtime.memory.optimizer.stepNames() }),
);

const listRuns = defineRoute(
  {
    method: "get",
    path: "/monitoring/memory/optimizations",
    role: "viewer",
    tag: "monitoring",
    summary: "List optimization runs, newest first; the newest 10,000 are kept",
    query: listQuery,
    responses: { 200: { description: "A page of runs", schema: page(optimizationRunSchema) } },
  },
  async ({ runtime, query, identity }) => {
    const before = decodeNameCursor(query.cursor);
    const runs = await runtime.runLog.list({ limit: query.limit + 1, ...(before === null ? {} : { before }) });
    const { items, nextCursor } = pageOf(runs, query.limit, ({ id }) => encodeCursor(id));
    return { items: items.map((run) => runFor(identity, run)), nextCursor };
  },
);

const readRun = defineRoute(
  {
    method: "get",
    path: "/monitoring/memory/optimizations/{id}",
    role: "viewer",
    tag: "monitoring",
    summary: "Get an optimization run",
    params: z.object({ id: idSchema }),
    responses: { 200: { description: "The run", schema: optimizationRunSchema } },
  },
  async ({ runtime, params, identity }) => {
    const run = await runtime.runLog.find(params.id);
    if (!run) throw new AppError("not-found", "No optimization run has this id.");
    return runFor(identity, run);
  },
);

const recommendations = defineRoute(
  {
    method: "get",
    path: "/monitoring/memory/recommendations",
    role: "viewer",
    tag: "monitoring",
    summary: "List recommendations from the newest sample, worst first; includes a finding when all is well",
    responses: {
      200: { description: "The recommendations", schema: z.object({ items: z.array(recommendationSchema) }) },
    },
  },
  ({ runtime }) => ({ items: runtime.memory.report().recommendations ?? [] }),
);

export const optimizerRoutes: readonly Route[] = [optimize, listSteps, listRuns, readRun, recommendations];
