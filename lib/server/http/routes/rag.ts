import {
  contextQuerySchema,
  contextSchema,
  ragAnswerSchema,
  ragQuerySchema,
  ragStatusSchema,
  reembedSchema,
} from "../../../contracts/rag.ts";
import type { Runtime } from "../../runtime.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";
import { documentRoutes } from "./documents.ts";
import { ragStatus, readFilter, reembedView } from "./rag-views.ts";

const tag = "documents and prompts";
const role = "consumer";

const askRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "post",
      path: "/api/v1/rag/query",
      growsMemory: false,
      role,
      tag,
      summary: "Search passages for a question by meaning, by keyword, or by both",
      body: ragQuerySchema,
      errors: [502, 504],
      responses: { 200: { description: "Matching passages, best first", schema: ragAnswerSchema } },
    },
    async ({ runtime, namespace, body }) => {
      const startedMs = runtime.clock.monotonicMs();
      const { matches, cached } = await runtime.rag.queries.query(namespace, {
        ...body,
        minScore: body.minScore ?? null,
        filter: readFilter(body.filter),
      });
      return { matches, cached, tookMs: tookSince(runtime, startedMs) };
    },
  ),
  defineRoute(
    {
      method: "post",
      path: "/api/v1/rag/context",
      growsMemory: false,
      role,
      tag,
      summary: "Build a prompt that fits a token budget, with citations",
      body: contextQuerySchema,
      errors: [404, 502, 504],
      responses: { 200: { description: "The prompt", schema: contextSchema } },
    },
    ({ runtime, namespace, body }) =>
      runtime.rag.contexts.assemble(namespace, {
        query: body.query,
        conversationId: body.conversationId ?? null,
        maxTokens: body.maxTokens,
        model: body.model ?? null,
        k: body.k,
        filter: readFilter(body.filter),
        system: body.system ?? null,
      }),
  ),
];

const statusRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/api/v1/rag/status",
      role: ["viewer", "consumer"],
      tag,
      summary: "Get document counts, cache hit ratios and the state of the embedding model",
      responses: { 200: { description: "The status", schema: ragStatusSchema } },
    },
    ({ runtime, namespace }) => ragStatus(runtime.rag, namespace),
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/rag/reembed",
      role: ["viewer", "consumer"],
      tag,
      summary: "Get the progress of re-embedding",
      responses: { 200: { description: "The job", schema: reembedSchema } },
    },
    ({ runtime, namespace }) => reembedView(runtime.rag.reembedding.state(namespace)),
  ),
  defineRoute(
    {
      method: "post",
      path: "/api/v1/rag/reembed",
      idempotent: true,
      role: "operator",
      tag,
      summary:
        "Bring the namespace's documents up to date: embed them with the present model, and index their words as new ones",
      responses: {
        202: {
          description: "The job was started, or was already running",
          schema: reembedSchema,
          headers: ["Location"],
        },
      },
    },
    async ({ runtime, namespace, identity, requestId }) => {
      const job = await runtime.rag.reembedding.start(namespace);
      await runtime.audit.done(identity, "rag.reembed", namespace, `${job.total} documents, ${job.model}`, requestId);
      return reply(202, reembedView(job), { Location: "/api/v1/rag/reembed" });
    },
  ),
];

export const ragRoutes: readonly Route[] = [...documentRoutes, ...askRoutes, ...statusRoutes];

function tookSince({ clock }: Runtime, startedMs: number): number {
  return Math.round((clock.monotonicMs() - startedMs) * 1_000) / 1_000;
}
