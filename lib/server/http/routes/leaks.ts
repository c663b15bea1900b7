import {
  agentAnswerSchema,
  agentDetailSchema,
  agentListSchema,
  agentParams,
  agentSamplesSchema,
  leaksQuery,
  leaksViewSchema,
  verdictListSchema,
  verdictQuery,
} from "../../../contracts/leaks.ts";
import { AppError } from "../../../shared/errors.ts";
import { decodeNumberCursor, encodeCursor, pageOf } from "../answer/page-cursor.ts";
import { defineRoute, type Route } from "../define-route.ts";

const noSuchAgent = (name: string) =>
  new AppError("not-found", `No service named ${JSON.stringify(name)} reports samples.`);

export const leakRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/monitoring/memory/leaks",
      role: "viewer",
      tag: "monitoring",
      summary: "Get the leak verdict with its evidence: suspects, allocation sites, causes ruled out, watched services",
      query: leaksQuery,
      errors: [404],
      responses: {
        200: {
          description: "This server's verdict; with `agent`, the verdict of that service's worst process",
          schema: leaksViewSchema,
        },
      },
    },
    ({ runtime, namespace, query }) => {
      const agents = runtime.leaks.agents(namespace);
      if (query.agent === undefined) return runtime.leaks.view(namespace);
      const agent = runtime.leaks.agent(namespace, query.agent);
      if (!agent) throw noSuchAgent(query.agent);
      return { ...agent, agents };
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/monitoring/memory/leaks/history",
      role: "viewer",
      tag: "monitoring",
      summary: "List changes of the leak verdict, newest first",
      query: verdictQuery,
      responses: { 200: { description: "A page of verdicts; the last 1,000 are kept", schema: verdictListSchema } },
    },
    async ({ runtime, namespace, query }) => {
      const rows = await runtime.leaks.history(namespace, query.limit + 1, decodeNumberCursor(query.cursor));
      const { items, nextCursor } = pageOf(rows, query.limit, ({ id }) => encodeCursor(String(id)));
      const verdicts = items.map((row) => ({
        id: row.id,
        at: new Date(row.atMs).toISOString(),
        source: row.source === "" ? null : row.source,
        ...row.report,
      }));
      return { items: verdicts, nextCursor };
    },
  ),
  defineRoute(
    {
      method: "post",
      path: "/api/v1/agents/{name}/samples",
      role: "consumer",
      tag: "agents",
      summary: "Report samples and allocation sites of another Node.js process",
      idempotent: true,
      params: agentParams,
      body: agentSamplesSchema,
      responses: { 200: { description: "The number of new samples, and the verdict", schema: agentAnswerSchema } },
    },
    ({ runtime, namespace, params, body }) => runtime.leaks.takeAgentSamples(namespace, params.name, body),
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/agents",
      role: "viewer",
      tag: "agents",
      summary: "List watched services with their verdicts",
      responses: { 200: { description: "All watched services, at most 24", schema: agentListSchema } },
    },
    ({ runtime, namespace }) => ({ items: runtime.leaks.agents(namespace), nextCursor: null }),
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/agents/{name}",
      role: "viewer",
      tag: "agents",
      summary: "Get a watched service: verdict, evidence, chart data, allocation sites",
      params: agentParams,
      responses: { 200: { description: "The service", schema: agentDetailSchema } },
    },
    ({ runtime, namespace, params }) => {
      const agent = runtime.leaks.agent(namespace, params.name);
      if (!agent) throw noSuchAgent(params.name);
      return agent;
    },
  ),
];
