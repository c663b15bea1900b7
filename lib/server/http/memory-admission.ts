import type { Runtime } from "../runtime.ts";
import type { Route } from "./define-route.ts";

/** A body that comes without its length is taken for one of a megabyte. */
const UNKNOWN_BODY_BYTES = 1_048_576;

/**
 * Asks the memory gate for a request that may leave more in memory than was there.
 *
 * @returns to be called when the request has been answered.
 * @throws {AppError} `memory-pressure` at the hard bound.
 */
export function admitGrowth({ memory }: Runtime, { spec }: Route, request: Request, maxBodyBytes: number): () => void {
  const writes = spec.method !== "get" && spec.method !== "delete" && spec.path.startsWith("/api/v1/");
  if (!(spec.growsMemory ?? writes)) return () => undefined;
  // A stream takes its memory from the ledger as it goes.
  return memory.gate.admit(spec.streams ? 0 : expectedBytes(request, maxBodyBytes));
}

function expectedBytes({ headers }: Request, maxBodyBytes: number): number {
  const declared = headers.get("content-length");
  if (declared === null) return headers.has("transfer-encoding") ? Math.min(UNKNOWN_BODY_BYTES, maxBodyBytes) : 0;
  // What is too large for any memory will be refused as that.
  return Number(declared) > maxBodyBytes ? 0 : Number(declared);
}
