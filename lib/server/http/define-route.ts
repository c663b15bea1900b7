import type { z } from "zod";
import type { Roles } from "../../contracts/auth.ts";
import type { Identity } from "../auth/key-ring.ts";
import type { Runtime } from "../runtime.ts";

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

/** The body of a route: JSON checked by a schema, or raw bytes that the handler reads. */
export interface RouteSpec<Params, Query, Body> {
  method: Method;
  /** In the notation of OpenAPI: `/api/v1/sessions/{id}`. */
  path: string;
  /** Allowed roles in addition to operator; null: no key is needed. */
  role: Roles | null;
  summary: string;
  tag: string;
  params?: Params;
  query?: Query;
  /** JSON body. */
  body?: Body;
  /** The JSON body may be omitted; it is then `{}`. */
  bodyOptional?: boolean;
  /** Accepted media types of the JSON body; `application/json` by default. */
  mediaTypes?: readonly string[];
  /**
   * Lists of the JSON body whose numbers are rounded, as vectors are; any other number keeps its value or is refused.
   */
  rounded?: readonly (readonly string[])[];
  /** The handler reads `request.body` itself (uploads, cached bodies); this describes it for OpenAPI. */
  rawBody?: string;
  /** Responses by status; null: no JSON body. */
  responses: Readonly<Record<number, { description: string; schema?: z.ZodType; mediaType?: string }>>;
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
