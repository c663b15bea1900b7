import type { z } from "zod";
import type { Roles } from "../../contracts/auth.ts";
import type { PROBLEMS } from "../../shared/errors.ts";
import type { Identity } from "../auth/held-key.ts";
import type { Runtime } from "../runtime.ts";
import type { AnswerHeader, RequestHeader } from "./answer/openapi-headers.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** The output of a schema, or nothing where a route has none. */
type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

export interface RouteContext<Params, Query, Body> {
  params: Params;
  query: Query;
  body: Body;
  runtime: Runtime;
  /** The caller; a public route has none. */
  identity: Identity;
  namespace: string;
  request: Request;
  /** The body as read from the socket, if the door has it: a web stream would copy each chunk twice. */
  chunks?: AsyncIterable<Uint8Array> | undefined;
  requestId: string;
  /** The peer's address. */
  peer: string;
  /** Whether the client came over TLS, as a trusted proxy says: then cookies are for TLS alone. */
  secure: boolean;
}

/** A response other than 200 with JSON. */
export interface Reply {
  status: number;
  /** A value becomes JSON; bytes, text and streams are sent unchanged; undefined means no body. */
  body?: unknown;
  headers?: Readonly<Record<string, string>> | undefined;
}

class ReplyWith {
  readonly reply: Reply;
  constructor(reply: Reply) {
    this.reply = reply;
  }
}

export type { ReplyWith };

/** A response with its own status, headers, or a body other than JSON. */
export const reply = (status: number, body?: unknown, headers?: Readonly<Record<string, string>>): ReplyWith =>
  new ReplyWith({ status, body, headers });

export const isReply = (value: unknown): value is ReplyWith => value instanceof ReplyWith;

/** A status that a problem can have. */
export type ProblemStatus = (typeof PROBLEMS)[keyof typeof PROBLEMS][0];

interface ResponseSpec {
  description: string;
  /** None: no JSON body. */
  schema?: z.ZodType;
  /** Where it is not JSON, or not only; a list starts with the usual one. */
  mediaType?: string | readonly string[];
  /** Headers of this answer, beside those of every answer and the version's. */
  headers?: readonly AnswerHeader[];
  /** Where the schema's own example, or the one put together from it, says too little. */
  example?: unknown;
}

/**
 * What a route takes and answers. The OpenAPI document is made of it. What follows from the rest need not be said: the
 * problems of bodies, parameters, roles and preconditions, their headers, and examples from the schemas.
 */
export interface RouteSpec<Params, Query, Body> {
  method: Method;
  /** In the notation of OpenAPI: `/api/v1/sessions/{id}`. */
  path: string;
  /** Allowed roles in addition to operator; null: no key is needed. */
  role: Roles | null;
  /** Only a key counts, never the dashboard's cookie, and `Host` and `Origin` must be this server's own. */
  keyOnly?: boolean;
  summary: string;
  tag: string;
  params?: Params;
  query?: Query;
  /** JSON body. */
  body?: Body;
  /** The body may be omitted; one of JSON is then `{}`. */
  bodyOptional?: boolean;
  /** Accepted media types of the JSON body; `application/json` by default. */
  mediaTypes?: readonly string[];
  /** Schemas of JSON bodies of further media types: the handler gets whichever came. */
  otherBodies?: Readonly<Record<string, z.ZodType>>;
  /**
   * Lists of the JSON body whose numbers are rounded, as vectors are; any other number keeps its value or is refused.
   */
  rounded?: readonly (readonly string[])[];
  /** The handler reads `request.body` itself (uploads, cached bodies); this describes it for OpenAPI. */
  rawBody?: string;
  /** Responses by status. */
  responses: Readonly<Record<number, ResponseSpec>>;
  /**
   * The resource has a version: answers carry ETag and X-Version, and requests may carry If-Match, If-None-Match and
   * If-Version (412); or only one of the two.
   */
  versioned?: true | "answers" | "requests";
  /** Statuses of problems beside those that follow from the rest, such as 409, 422 or 502. */
  errors?: readonly ProblemStatus[];
  /** It makes something, so it takes an Idempotency-Key: sent again, the request gives its first answer again. */
  idempotent?: boolean;
  /** The answer's field that is shown once: it is not kept, and a repeated answer is without it. */
  shownOnce?: string;
  /** Request headers that the handler reads, beside those that follow from the rest. */
  requestHeaders?: readonly RequestHeader[];
  /** An example of the body, where the schema's own, or the one put together from it, says too little. */
  bodyExample?: unknown;
  /** Examples of query parameters: of one among several that are required, or parsed into something else. */
  queryExample?: Readonly<Record<string, string>>;
  /** Summary of HEAD on this path, where it is of use by itself; every GET answers HEAD. */
  head?: string;
  /**
   * May it leave more in memory than was there? Then the memory gate is asked first. Unless said: POST, PUT and PATCH
   * do.
   */
  growsMemory?: boolean;
  /** Exempt from the request timeout and the body limit; the handler bounds the body. */
  streams?: boolean;
}

type AnySchema = z.ZodType | undefined;

export interface Route {
  spec: RouteSpec<AnySchema, AnySchema, AnySchema>;
  handle(context: RouteContext<unknown, unknown, unknown>): unknown;
}

/**
 * A route: its input and output, checked and documented from the same schemas, and its handler. The handler is an
 * adapter: it calls one verb of the runtime and returns the result.
 */
export function defineRoute<
  const Params extends AnySchema = undefined,
  const Query extends AnySchema = undefined,
  const Body extends AnySchema = undefined,
>(
  spec: RouteSpec<Params, Query, Body>,
  handle: (context: RouteContext<Parsed<Params>, Parsed<Query>, Parsed<Body>>) => unknown,
): Route {
  // The app parses with the same schemas that typed the handler, before it calls the handler.
  return { spec, handle: handle as Route["handle"] };
}
