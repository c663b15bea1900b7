import type { z } from "zod";
import { readProblem, UnreachableError } from "./problem.ts";

export interface CallOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Query parameters; what is undefined or null is left out. */
  query?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  /** Sent as JSON. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

/**
 * Calls the API with the dashboard's cookie and returns the answer, checked against its schema.
 *
 * @throws {ProblemError} for any answer that is not 2xx.
 * @throws {UnreachableError} when no answer came.
 */
export async function call<Schema extends z.ZodType>(
  schema: Schema,
  path: string,
  options: CallOptions = {},
): Promise<z.output<Schema>> {
  const response = await send(path, options);
  return schema.parse(await response.json());
}

/** As `call`, for answers without a body that matters (204). */
export async function callForNothing(path: string, options: CallOptions = {}): Promise<void> {
  await send(path, options);
}

export async function send(path: string, options: CallOptions = {}): Promise<Response> {
  const { method = "GET", query, body, headers, signal } = options;
  const init: RequestInit = {
    method,
    credentials: "same-origin",
    headers: {
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  };
  const response = await reach(withQuery(path, query), init);
  if (!response.ok) throw await readProblem(response);
  return response;
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new UnreachableError("The server does not respond.", { cause });
  }
}

/** `/a?limit=5`; arrays are not part of our contract. */
export function withQuery(path: string, query: CallOptions["query"] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? path : `${path}?${text}`;
}
