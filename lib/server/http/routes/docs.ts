import { createAsyncApi } from "../answer/asyncapi.ts";
import { createOpenApi } from "../answer/openapi.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";

/** The OpenAPI document, which the page `/docs` shows, and the AsyncAPI document of the socket's events. */
export function docsRoutes(described: readonly Route[]): readonly Route[] {
  const routes: readonly Route[] = [
    documentRoute("/openapi.json", "Get the OpenAPI 3.1 document of this API", () => openApi),
    documentRoute("/asyncapi.json", "Get the AsyncAPI 3.0 document of the socket's events", () => asyncApi),
  ];
  // Written once: the answer to each request is the same text. The first describes these two as well.
  const openApi = JSON.stringify(createOpenApi([...described, ...routes]));
  const asyncApi = JSON.stringify(createAsyncApi());
  return routes;
}

function documentRoute(path: string, summary: string, text: () => string): Route {
  return defineRoute(
    {
      method: "get",
      role: null,
      tag: "documentation",
      path,
      summary,
      responses: { 200: { description: "The document", mediaType: "application/json" } },
    },
    () => reply(200, text(), { "Content-Type": "application/json; charset=utf-8" }),
  );
}
