import { describe, expect, it } from "vitest";
import type { Route } from "../define-route.ts";
import { adminRoutes } from "../routes/admin.ts";
import { conversationRoutes } from "../routes/conversations.ts";
import { optimizerRoutes } from "../routes/optimizer.ts";
import { ragRoutes } from "../routes/rag.ts";
import { sessionRoutes } from "../routes/sessions.ts";
import { streamRoutes } from "../routes/streams.ts";
import { vectorRoutes } from "../routes/vectors.ts";
import { parseRequest } from "./parse-request.ts";

const routes: readonly Route[] = [
  ...[...adminRoutes, ...conversationRoutes, ...optimizerRoutes, ...ragRoutes],
  ...[...sessionRoutes, ...streamRoutes, ...vectorRoutes],
];
const bodiless = routes.filter(
  ({ spec }) => spec.method !== "get" && spec.body === undefined && spec.rawBody === undefined,
);

function send(route: Route, body: string | null, type = "application/json"): Promise<unknown> {
  const { spec } = route;
  // A removal of many says which.
  const query = spec.query?.safeParse({}).success === false ? "?all=true" : "";
  const target = spec.path.replaceAll(/\{\w+\}/g, "a") + query;
  const headers: Record<string, string> = body === null ? {} : { "content-type": type };
  if (body !== null) headers["content-length"] = String(Buffer.byteLength(body));
  const method = spec.method.toUpperCase();
  return parseRequest(route, new Request(`http://h${target}`, { method, headers, body }), target, 1_000);
}

describe("a route that takes no body", () => {
  it("is one of many, the end of a key among them", () => {
    expect(bodiless.map(({ spec }) => spec.path)).toContain("/api/v1/keys/{id}");
    expect(bodiless.length).toBeGreaterThan(7);
  });

  it.each(bodiless.map((route) => [`${route.spec.method} ${route.spec.path}`, route] as const))(
    "refuses a field with 400 instead of ignoring it, and takes none at all: %s",
    async (_, route) => {
      for (const [body, type] of [['{"idleTimeoutSeconds":7200}'], ["[1]"], ["null"], ["text", "text/plain"]] as const)
        await expect(send(route, body, type)).rejects.toMatchObject({ status: 400 });
      await expect(send(route, '{"idleTimeoutSeconds":7200}')).rejects.toThrow("idleTimeoutSeconds");
      for (const body of [null, "", "{}"]) expect(await send(route, body)).toMatchObject({ body: undefined });
    },
  );
});
