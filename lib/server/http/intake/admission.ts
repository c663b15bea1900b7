import { MOST_LAG_MS } from "../../../memory/pressure/loop-gate.ts";
import { AppError } from "../../../shared/errors.ts";
import { releaseBytes } from "../../../streaming/release-bytes.ts";
import type { Runtime } from "../../runtime.ts";
import type { Route } from "../define-route.ts";

/**
 * Refuses requests to the stores while the event loop is late, since they would delay all requests. Health, monitoring
 * and administration stay available.
 *
 * @throws {AppError} `overloaded`.
 */
async function shedWhenLate({ loop }: Runtime, { spec }: Route, request: Request, maxBodyBytes: number): Promise<void> {
  if (!loop.closed || spec.role !== "consumer") return;
  loop.refuse();
  if (!spec.streams) await discardBody(request, maxBodyBytes);
  throw new AppError("overloaded", `The server has lagged by more than ${MOST_LAG_MS} ms for a while. Retry later.`, {
    retryAfterSeconds: 1,
  });
}

const SMALL_BODY_BYTES = 65_536;

/**
 * Asks the memory gate to admit a request that may increase memory.
 *
 * @returns a function to call when the request has been answered.
 * @throws {AppError} `memory-pressure` at the hard bound, `overloaded` when the event loop is late.
 */
export async function admit(
  runtime: Runtime,
  route: Route,
  request: Request,
  maxBodyBytes: number,
): Promise<() => void> {
  await shedWhenLate(runtime, route, request, maxBodyBytes);
  const { memory } = runtime;
  const { spec } = route;
  const writes = spec.method !== "get" && spec.method !== "delete" && spec.path.startsWith("/api/v1/");
  // Ending things, advice and optimizing work under pressure; a large body takes memory whatever it is for.
  if (!(spec.growsMemory ?? writes) && Number(request.headers.get("content-length")) <= SMALL_BODY_BYTES)
    return () => undefined;
  // A stream reserves its memory from the ledger while it runs.
  if (spec.streams) return memory.gate.admit(0);
  try {
    return memory.gate.admit(expectedBytes(request, maxBodyBytes));
  } catch (refusal) {
    await discardBody(request, maxBodyBytes);
    throw refusal;
  }
}

/**
 * Receives the rest of the body and discards it. A client that is still sending when the connection closes sees a reset
 * and never reads the response, which says when to retry.
 */
async function discardBody({ body }: Request, maxBodyBytes: number): Promise<void> {
  if (body === null) return;
  let size = 0;
  try {
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      // Immediately: a request refused for lack of memory must not fill it with chunks that wait for a collection.
      releaseBytes(chunk);
      if (size > maxBodyBytes) return;
    }
  } catch {
    // A client that has disconnected needs no response.
  }
}

function expectedBytes({ headers }: Request, maxBodyBytes: number): number {
  const declared = headers.get("content-length");
  // A body without a length may have any size; assuming less let many concurrent bodies exceed the limit.
  if (declared === null) return headers.has("transfer-encoding") ? maxBodyBytes : 0;
  // A body that is too large in any case is refused later, with its own error.
  return Number(declared) > maxBodyBytes ? 0 : Number(declared);
}
