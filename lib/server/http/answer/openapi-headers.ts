import { API_HEADERS } from "./api-headers.ts";

type Json = Record<string, unknown>;

interface Described {
  description: string;
  schema?: Json;
  required?: boolean;
  example?: string;
}

/** Request headers that operations may name. `content-…` and `accept` are left out: OpenAPI has media types for them. */
export const REQUEST_HEADERS = {
  "X-Request-Id": {
    description: "An id of your own for this request; the answer and the log carry it",
    schema: { type: "string", pattern: "^[\\w.:-]{1,128}$" },
  },
  "X-Namespace": {
    description: "The namespace to act in; only an operator may choose one other than the key's own",
    schema: { type: "string", pattern: "^[a-z0-9][a-z0-9_-]{0,63}$" },
    example: "default",
  },
  "If-Match": { description: "Proceed only if the current ETag is one of these; `*`: if it exists", example: '"3"' },
  "If-None-Match": {
    description:
      "Proceed only if the current ETag is none of these; `*`: if nothing is there. A GET answers 304 instead",
    example: "*",
  },
  "If-Version": { description: "As If-Match, with versions as X-Version tells them", example: "3" },
  "Idempotency-Key": {
    description:
      "A name of your own for this request: sent again within 24 h with the same body, it gives the first answer again",
    schema: { type: "string", pattern: "^[\\x21-\\x7e]{1,255}$" },
  },
  "Cache-Control": {
    description:
      "`s-maxage` or `max-age` sets the time to live in seconds, `stale-while-revalidate` how much longer it is kept",
    example: "max-age=60",
  },
  "Cache-Tag": { description: "Tags of the response, separated by commas", example: "products,home" },
  "Cache-Meta": {
    description: "A note on the response, given back with it: printable ASCII",
    schema: { type: "string", maxLength: 2048 },
  },
  "X-Fill-Lease": { description: "The fill lease that a miss granted to this caller" },
  "Content-Encoding": { description: "The encoding in which the body is sent", example: "gzip" },
  "Accept-Encoding": { description: "The encodings in which the body may be sent back", example: "gzip, br" },
  "Upload-Offset": {
    description: "The offset in the whole body at which this part begins",
    schema: { type: "integer", minimum: 0 },
    required: true,
  },
  "Upload-Length": { description: "Size of the whole body, if known", schema: { type: "integer", minimum: 0 } },
  "Upload-Complete": {
    description: "`?0` if more parts follow; `?1`, the default, if the body ends with this one",
    schema: { type: "string", enum: ["?0", "?1"] },
  },
} as const satisfies Record<string, Described>;

export type RequestHeader = keyof typeof REQUEST_HEADERS;

/** Headers of answers that operations may name, beside those that every answer has. */
const NAMED_HEADERS = {
  "X-Request-Id": { description: "The request's id, as sent or made by the server; the log has it too" },
  "X-Headroom-Door": { description: "How the request came in", schema: { type: "string", enum: ["direct", "next"] } },
  ETag: { description: "The entity tag of what is there now, for If-Match and If-None-Match" },
  "X-Version": { description: "The ETag without quotes, for If-Version: proxies leave it as it is" },
  Location: { description: "The address of what was made" },
  RateLimit: {
    description: "Of a key with a rate: what is left, and the seconds until there is more",
    schema: { type: "string", examples: ['"key";r=0;t=12'] },
  },
  "RateLimit-Policy": {
    description: "The key's rate: requests in a window of seconds",
    schema: { type: "string", examples: ['"key";q=600;w=60'] },
  },
  "Retry-After": {
    description: "Seconds after which to try again",
    schema: { type: "integer", minimum: 0 },
  },
  "Idempotency-Replayed": {
    description: "`true`: this is the first answer to the Idempotency-Key, given again",
    schema: { type: "string", enum: ["true"] },
  },
  "WWW-Authenticate": { description: "How to authenticate" },
  "Set-Cookie": { description: "The dashboard's cookie" },
  Age: { description: "Seconds since the response was cached", schema: { type: "integer", minimum: 0 } },
  Vary: { description: "Request headers that the body depends on" },
  "Cache-Status": { description: "Hit or miss, and the time to live that is left (RFC 9211)" },
  "X-Cache": { description: "Whether the response was cached", schema: { type: "string", enum: ["HIT", "MISS"] } },
  "Cache-Tag": { description: "Tags of the response, separated by commas; left out where they exceed 8 KB" },
  "Cache-Meta": { description: "The note with which the response was put" },
  "X-Fill-Lease": { description: "This caller is to compute the response, and sends the lease with its PUT" },
  "X-Fill-Pending": { description: "`1`: another caller computes the response" },
  "Content-Encoding": { description: "The encoding of the body" },
  "Content-Length": { description: "Size of the body in bytes", schema: { type: "integer", minimum: 0 } },
  "Content-Disposition": { description: "The name to store the file under" },
  Accept: { description: "The media types that are taken" },
  "Accept-Encoding": { description: "The encodings that are taken" },
  "Upload-Offset": {
    description: "The offset at which to resume",
    schema: { type: "integer", minimum: 0 },
  },
  "Upload-Complete": {
    description: "`?1` once all is stored",
    schema: { type: "string", enum: ["?0", "?1"] },
  },
} as const satisfies Record<string, Described>;

export type AnswerHeader = keyof typeof NAMED_HEADERS;

/** The headers of every answer, with their fixed values. */
const FIXED_HEADERS: Readonly<Record<string, Described>> = Object.fromEntries(
  Object.entries(API_HEADERS).map(([name, value]) => [name, { description: `\`${value}\` unless said otherwise` }]),
);

const EVERYWHERE = ["X-Request-Id", "X-Headroom-Door", ...Object.keys(API_HEADERS)];

const reference = (kind: string, name: string): Json => ({ $ref: `#/components/${kind}/${name}` });

export const requestHeaders = (names: Iterable<RequestHeader>): Json[] =>
  [...new Set(names)].map((name) => reference("parameters", name));

export const answerHeaders = (names: Iterable<AnswerHeader>): Json =>
  Object.fromEntries([...new Set([...EVERYWHERE, ...names])].map((name) => [name, reference("headers", name)]));

const TEXT = { type: "string" };

/** All of them, for `components`. */
export function headerComponents(): { parameters: Json; headers: Json } {
  const parameters = Object.entries<Described>(REQUEST_HEADERS).map(([name, { schema = TEXT, ...rest }]) => [
    name,
    { name, in: "header", required: false, schema, ...rest },
  ]);
  const headers = Object.entries<Described>({ ...FIXED_HEADERS, ...NAMED_HEADERS }).map(
    ([name, { schema = TEXT, ...rest }]) => [name, { schema, ...rest }],
  );
  return { parameters: Object.fromEntries(parameters), headers: Object.fromEntries(headers) };
}
