import { MOST_LAG_MS } from "../../../memory/pressure/loop-gate.ts";
import { AppError } from "../../../shared/errors.ts";
import { releaseBytes } from "../../../streaming/release-bytes.ts";
import type { Runtime } from "../../runtime.ts";
import type { Route } from "../define-route.ts";

/**
 * Refuses what uses the stores while the event loop is late: it would only make the wait longer for everyone. Health, monitoring and
 * administration go on.
 *
 * @throws {AppError} `overloaded`.
 */
async function shedWhenLate({ loop }: Runtime, { spec }: Route, request: Request, maxBodyBytes: number): Promise<void> {
  if (!loop.closed || spec.role !== "consumer") return;
  loop.refuse();
  if (!spec.streams) await discardBody(request, maxBodyBytes);
  throw new AppError("overloaded", `The server has lagged by more than ${MOST_LAG_MS} ms for a while. Retry later.`, {
    headers: { "Retry-After": "1" },
  });
}

/**
 * Asks the memory gate for a request that may leave more in memory than was there.
 *
 * @returns to be called when the request has been answered.
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
  if (!(spec.growsMemory ?? writes)) return () => undefined;
  // A stream takes its memory from the ledger as it goes.
  if (spec.streams) return memory.gate.admit(0);
  try {
    return memory.gate.admit(expectedBytes(request, maxBodyBytes));
  } catch (refusal) {
    await discardBody(request, maxBodyBytes);
    throw refusal;
  }
}

/**
 * Lets the rest of the body arrive and keeps none of it. Who is still sending when the connection closes sees it reset
 * and never reads the answer, which says when to come again.
 */
async function discardBody({ body }: Request, maxBodyBytes: number): Promise<void> {
  if (body === null) return;
  let size = 0;
  try {
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      // At once: what is refused for want of memory must not fill it with chunks that wait for a collection.
      releaseBytes(chunk);
      if (size > maxBodyBytes) return;
    }
  } catch {
    // Whoever went away needs no answer.
  }
}

function expectedBytes({ headers }: Request, maxBodyBytes: number): number {
  const declared = headers.get("content-length");
  // What comes without its length may be as large as any: many at once that were taken for less passed the limit.
  if (declared === null) return headers.has("transfer-encoding") ? maxBodyBytes : 0;
  // What is too large for any memory will be refused as that.
  return Number(declared) > maxBodyBytes ? 0 : Number(declared);
}
