import type { Answered, TestServer } from "./server.ts";

interface Document {
  paths: Record<string, Record<string, { responses: Record<string, Declared> }>>;
  components: { responses: Record<string, Declared> };
}

interface Declared {
  $ref?: string;
  headers?: Record<string, unknown>;
}

/** Headers of HTTP itself, and what OpenAPI tells as the content's media type. */
const FRAMING = new Set(["connection", "content-length", "content-type", "date", "keep-alive", "transfer-encoding"]);
/** What Next's server adds to every answer of its door, whatever the API says. */
const OF_NEXT = "vary";
/** What any request may be answered, whatever it asks for: `default` has them. */
const ANYWHERE = new Set([405, 408, 431]);

/** The statuses and headers that the tests of a server were answered, and that its own description does not declare. */
export async function undeclaredOf(server: TestServer, door: "direct" | "next"): Promise<string[]> {
  if (server.answers.size === 0) return [];
  const document = (await (await server.get("/openapi.json")).json()) as Document;
  const found = [...server.answers.values()].flatMap((answer) => {
    const headers = answer.headers.filter((header) => door === "direct" || header !== OF_NEXT);
    return undeclared(document, { ...answer, headers });
  });
  return [...new Set(found)].sort();
}

function undeclared({ paths, components }: Document, { method, path, status, headers }: Answered): string[] {
  const pattern = patternOf(Object.keys(paths), path);
  const operation = pattern && (paths[pattern]?.[method] ?? (method === "head" ? paths[pattern]?.get : undefined));
  if (!pattern || !operation || ANYWHERE.has(status)) return [];
  const name = `${method} ${pattern} ${status}`;
  const given = operation.responses[status];
  if (!given) return [name];
  const response = given.$ref ? components.responses[given.$ref.split("/").at(-1) ?? ""] : given;
  const declared = new Set(Object.keys(response?.headers ?? {}).map((header) => header.toLowerCase()));
  return headers.filter((header) => !declared.has(header) && !FRAMING.has(header)).map((header) => `${name} ${header}`);
}

/** The described path that a request's path belongs to: one without parameters before one with. */
function patternOf(patterns: readonly string[], path: string): string | undefined {
  if (patterns.includes(path)) return path;
  return patterns.find((pattern) => new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path));
}
