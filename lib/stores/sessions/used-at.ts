import type { SessionRow } from "../../ports/session-rows.ts";

/** The row as of a later use. Field by field: V8 makes a hidden class of its own for each object that is spread. */
export function usedAt<Data>(
  row: Omit<SessionRow, "data"> & { data: Data },
  lastUsedAtMs: number,
): Omit<SessionRow, "data"> & { data: Data } {
  const { id, ownId, namespace, createdAtMs, idleTimeoutMs, endsAtMs, version, tags, data } = row;
  return { id, ownId, namespace, createdAtMs, lastUsedAtMs, idleTimeoutMs, endsAtMs, version, tags, data };
}
