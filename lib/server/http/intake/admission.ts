import { MOST_LAG_MS } from "../../../memory/pressure/loop-gate.ts";
import { AppError } from "../../../shared/errors.ts";
import { releaseBytes } from "../../../streaming/release-bytes.ts";
import type { Runtime } from "../../runtime.ts";
import type { Route } from "../define-route.ts";

const NOTHING_TO_RELEASE = (): void => undefined;
const SMALL_BODY_BYTES = 65_536;

/**
 * Asks the memory gate to admit a request that may increase memory. Requests to the stores are refused while the event loop is late,
 * since they would delay all others; health, monitoring and administration stay available.
 *
 * @returns a function to call when the request has been answered. A promise only for what is refused: most requests should not wait
 *   for one.
 * @throws {AppError} `memory-pressure` at the hard bound, `overloaded` when the event loop is late.
 */
export function admit(
  { loop, memory }: Runtime,
  { spec }: Route,
  request: Request,
  maxBodyBytes: number,
): (() => void) | Promise<never> {
  if (loop.closed && spec.role === "consumer") {
    loop.refuse();
    return refuse(spec.streams ? null : request, maxBodyBytes, late());
  }
  const writes = spec.method !== "get" && spec.method !== "delete" && spec.path.startsWith("/api/v1/");
  // Ending things, advice and optimizing work under pressure; a large body takes memory whatever it is for.
  if (!(spec.growsMemory ?? writes) && (spec.method === "get" || declaredBytes(request) <= SMALL_BODY_BYTES))
    return NOTHING_TO_RELEASE;
  // A stream reserves its memory from the ledger while it runs.
  if (spec.streams) return memory.gate.admit(0);
  try {
    return memory.gate.admit(expectedBytes(request, maxBodyBytes));
  } catch (refusal) {
    return refuse(request, maxBodyBytes, refusal);
  }
}

const late = (): AppError =>
  new AppError("overloaded", `The server has lagged by more than ${MOST_LAG_MS} ms for a while. Retry later.`, {
    retryAfterSeconds: 1,
  });

async function refuse(request: Request | null, maxBodyBytes: number, refusal: unknown): Promise<never> {
  if (request !== null) await discardBody(request, maxBodyBytes);
  throw refusal;
}

const declaredBytes = ({ headers }: Request): number => Number(headers.get("content-length"));

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
