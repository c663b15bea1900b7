import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { z } from "zod";
import { AppError } from "../../../shared/errors.ts";
import { createOpenApi } from "../answer/openapi.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";

const require = createRequire(import.meta.url);

/** Swagger UI as shipped in its package; nothing is fetched from other sites. */
const ASSETS: Readonly<Record<string, string>> = {
  "swagger-ui.css": "text/css",
  "swagger-ui-bundle.js": "text/javascript",
};

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Headroom API</title>
<link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="docs"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>
`;
const START = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true });\n`;

const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** The OpenAPI document, and a page that shows it. */
export function docsRoutes(described: readonly Route[]): readonly Route[] {
  const document = JSON.stringify(createOpenApi(described));
  const text = (body: string | Uint8Array, mediaType: string) =>
    reply(200, body, {
      "Content-Type": `${mediaType}; charset=utf-8`,
      "Content-Security-Policy": PAGE_POLICY,
      "Cache-Control": "no-cache",
    });
  const common = { method: "get", role: null, tag: "documentation" } as const;
  return [
    defineRoute(
      {
        ...common,
        path: "/openapi.json",
        summary: "Get this OpenAPI document",
        responses: { 200: { description: "The OpenAPI 3.1 document", mediaType: "application/json" } },
      },
      () => reply(200, document, { "Content-Type": "application/json; charset=utf-8" }),
    ),
    defineRoute(
      {
        ...common,
        path: "/docs",
        summary: "Show this document in Swagger UI",
        responses: { 200: { description: "An HTML page", mediaType: "text/html" } },
      },
      () => text(PAGE, "text/html"),
    ),
    defineRoute(
      {
        ...common,
        path: "/docs/{asset}",
        summary: "Get an asset of the Swagger UI page",
        params: z.object({ asset: z.string() }),
        responses: { 200: { description: "A script or a style sheet", mediaType: "text/plain" } },
      },
      async ({ params: { asset } }) => {
        if (asset === "start.js") return text(START, "text/javascript");
        const mediaType = Object.hasOwn(ASSETS, asset) ? ASSETS[asset] : undefined;
        if (mediaType === undefined) throw new AppError("not-found", "No asset of the page has this name.");
        return text(await readFile(require.resolve(`swagger-ui-dist/${asset}`)), mediaType);
      },
    ),
  ];
}
