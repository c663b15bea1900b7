import { createAsyncApi } from "../answer/asyncapi.ts";
import { createOpenApi } from "../answer/openapi.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";

/** The OpenAPI document, which the page `/docs` shows, and the AsyncAPI document of the socket's events. */
export function docsRoutes(described: readonly Route[]): readonly Route[] {
  return [
    documentRoute("/openapi.json", "Get the OpenAPI 3.1 document of this API", createOpenApi(described)),
    documentRoute("/asyncapi.json", "Get the AsyncAPI 3.0 document of the socket's events", createAsyncApi()),
  ];
}

/** Written once: the answer to each request is the same text. */
function documentRoute(path: string, summary: string, document: unknown): Route {
  const text = JSON.stringify(document);
  return defineRoute(
    {
      method: "get",
      role: null,
      tag: "documentation",
      path,
      summary,
      responses: { 200: { description: "The document", mediaType: "application/json" } },
    },
    () => reply(200, text, { "Content-Type": "application/json; charset=utf-8" }),
  );
}
