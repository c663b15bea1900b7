import { PROBLEMS } from "../../../shared/errors.ts";
import type { ProblemStatus, Route } from "../define-route.ts";
import { type AnswerHeader, answerHeaders } from "./openapi-headers.ts";

type Json = Record<string, unknown>;

/** The name of the shared response to each status of a problem that an operation can give. */
const NAMES: Readonly<Partial<Record<ProblemStatus, string>>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  408: "RequestTimeout",
  409: "Conflict",
  412: "PreconditionFailed",
  413: "ContentTooLarge",
  415: "UnsupportedMediaType",
  422: "UnprocessableContent",
  429: "TooManyRequests",
  502: "BadGateway",
  503: "ServiceUnavailable",
  504: "GatewayTimeout",
  507: "InsufficientStorage",
};

/** A refusal by the handler is the first answer to an Idempotency-Key like any other. */
const REPLAYED: readonly AnswerHeader[] = ["Idempotency-Replayed"];

const HEADERS: Readonly<Partial<Record<ProblemStatus, readonly AnswerHeader[]>>> = {
  400: REPLAYED,
  401: ["WWW-Authenticate"],
  403: REPLAYED,
  404: REPLAYED,
  409: ["Retry-After", "Upload-Offset", "Upload-Complete", ...REPLAYED],
  412: REPLAYED,
  413: REPLAYED,
  415: ["Accept", "Accept-Encoding"],
  422: REPLAYED,
  429: ["Retry-After", "RateLimit", "RateLimit-Policy"],
  503: ["Retry-After"],
  507: ["Retry-After"],
};

const CONTENT_TYPE = "application/problem+json";
const codesOf = (status: number) => Object.entries(PROBLEMS).filter(([, [of]]) => of === status);

/** The content of a problem of one status, with its first code as the example. */
export function problemContent(status: number): Json {
  const [first] = codesOf(status);
  const schema = { $ref: "#/components/schemas/Problem" };
  if (!first) return { [CONTENT_TYPE]: { schema } };
  const [code, [, title]] = first;
  const example = {
    type: `urn:headroom:problem:${code}`,
    title,
    status,
    detail: `${title}.`,
    code,
    requestId: "8d3f2c1e-5b0a-4a57-9b8e-0c7f4d2a6e11",
    ...(code === "validation-failed" ? { errors: [{ path: "/name", message: "is required" }] } : {}),
  };
  return { [CONTENT_TYPE]: { schema, example } };
}

/** All shared responses, for `components`. */
export function problemComponents(): Json {
  const shared = Object.entries(NAMES).map(([status, name]) => {
    const code = Number(status) as ProblemStatus;
    const codes = codesOf(code).map(([each, [, title]]) => `\`${each}\`: ${title}`);
    const headers = answerHeaders(HEADERS[code] ?? []);
    return [name, { description: codes.join(". "), headers, content: problemContent(code) }];
  });
  const other = {
    description: "Any other problem",
    headers: answerHeaders(["Retry-After"]),
    content: problemContent(0),
  };
  return { ...Object.fromEntries(shared), Problem: other };
}

/** The problems that an operation can answer with, by status: what follows from its declaration, and what it adds. */
export function problemResponses(spec: Route["spec"]): Json {
  const statuses = [...new Set([...derivedStatuses(spec), ...(spec.errors ?? [])])].sort((a, b) => a - b);
  const named = statuses
    .filter((status) => spec.responses[status] === undefined)
    .map((status) => [status, { $ref: `#/components/responses/${NAMES[status] ?? "Problem"}` }]);
  return { ...Object.fromEntries(named), default: { $ref: "#/components/responses/Problem" } };
}

export const takesConditions = ({ versioned }: Route["spec"]): boolean =>
  versioned !== undefined && versioned !== "answers";

function derivedStatuses(spec: Route["spec"]): ProblemStatus[] {
  const { method, params, responses, body, rawBody } = spec;
  const creates = method === "put" && responses[201] !== undefined;
  const writes = method === "delete" || (method !== "get" && spec.growsMemory !== false);
  return [
    400,
    ...(spec.role === null ? [] : ([401, 403, 429, 503] as const)),
    ...(params && !creates ? ([404] as const) : []),
    ...(takesConditions(spec) ? ([412] as const) : []),
    ...(body || rawBody !== undefined ? ([408, 413, 415] as const) : []),
    ...(spec.idempotent ? ([409, 422] as const) : []),
    // A number that would lose precision.
    ...(body ? ([422] as const) : []),
    ...(writes && spec.role !== null ? ([507] as const) : []),
  ];
}
