import type { Hash } from "node:crypto";
import { z } from "zod";
import { AppError } from "../../../shared/errors.ts";
import { parseJson } from "../../../shared/json.ts";
import { schemaError } from "../answer/problem.ts";
import type { Route } from "../define-route.ts";
import { readBody } from "./read-body.ts";

export interface ParsedRequest {
  params: unknown;
  query: unknown;
  body: unknown;
}

/**
 * Checks a request against its route's schemas.
 *
 * @param sent gets the body's bytes, where somebody wants to know the same body again.
 * @throws {AppError} that names the field.
 */
export async function parseRequest(
  { spec }: Route,
  request: Request,
  target: string,
  maxBodyBytes: number,
  sent: Hash | null = null,
): Promise<ParsedRequest> {
  const { pathname, search } = splitTarget(target);
  return {
    params: spec.params ? check(spec.params, pathParams(spec.path, pathname), "path") : undefined,
    query: parseQuery(spec.query, search),
    body: spec.body
      ? await parseBody({ spec } as Route, spec.body, request, maxBodyBytes, sent)
      : void (await requireNoBody(spec, request)),
  };
}

function splitTarget(target: string): { pathname: string; search: string } {
  const query = target.indexOf("?");
  return query === -1
    ? { pathname: target, search: "" }
    : { pathname: target.slice(0, query), search: target.slice(query + 1) };
}

function pathParams(pattern: string, pathname: string): Record<string, string> {
  const values = pathname.split("/");
  const params: Record<string, string> = {};
  for (const [index, step] of pattern.split("/").entries()) {
    if (step.startsWith("{")) params[step.slice(1, -1)] = decode(values[index] ?? "");
  }
  return params;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new AppError("malformed-request", "The path is not percent-encoded UTF-8.", { cause });
  }
}

function parseQuery(schema: z.ZodType | undefined, search: string): unknown {
  if (search === "") return schema ? check(schema, {}, "query") : undefined;
  const query: Record<string, string> = {};
  for (const pair of search.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decodeQuery(equals === -1 ? pair : pair.slice(0, equals));
    if (Object.hasOwn(query, name)) throw wrongParameter(name, "must be sent only once");
    Object.defineProperty(query, name, {
      value: decodeQuery(equals === -1 ? "" : pair.slice(equals + 1)),
      enumerable: true,
    });
  }
  const [first] = Object.keys(query);
  if (schema) return check(schema, query, "query");
  if (first !== undefined) throw wrongParameter(first, "is not a parameter of this route");
  return undefined;
}

const decodeQuery = (text: string): string => decode(text.replaceAll("+", " "));

function wrongParameter(name: string, message: string): AppError {
  const path = `query.${name.slice(0, 100)}`;
  return new AppError("validation-failed", `${path} ${message}.`, { errors: [{ path, message }] });
}

async function parseBody(
  { spec }: Route,
  schema: z.ZodType,
  request: Request,
  maxBytes: number,
  sent: Hash | null,
): Promise<unknown> {
  const bytes = await readBody(request, maxBytes);
  sent?.update(bytes);
  if (bytes.byteLength === 0 && spec.bodyOptional) return check(schema, {}, "body");
  const accepted = [...(spec.mediaTypes ?? ["application/json"]), ...Object.keys(spec.otherBodies ?? {})];
  const mediaType = (request.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (!accepted.includes(mediaType)) {
    throw new AppError("unsupported-media-type", `Send the body as ${accepted.join(" or ")}.`, {
      headers: { Accept: accepted.join(", ") },
    });
  }
  const fitting = spec.otherBodies?.[mediaType] ?? schema;
  return check(fitting, spec.rounded ? parseJson(bytes, { rounded: spec.rounded }) : parseJson(bytes), "body");
}

/** A body that a route does not accept is refused, not ignored: a client expects a sent field to have an effect. */
const MOST_IGNORED_BYTES = 65_536;
const NO_FIELDS = z.strictObject({});

async function requireNoBody(spec: Route["spec"], request: Request): Promise<void> {
  if (spec.method === "get" || spec.rawBody !== undefined) return;
  // Decided by the headers: accessing the body of a request without one costs more than answering it.
  const length = request.headers.get("content-length");
  if (length === "0" || (length === null && request.headers.get("transfer-encoding") === null)) return;
  const bytes = await readBody(request, MOST_IGNORED_BYTES);
  if (bytes.byteLength > 0) check(NO_FIELDS, parseJson(bytes), "body");
}

function check(schema: z.ZodType, value: unknown, where: "body" | "query" | "path"): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw schemaError(parsed.error, where);
}
