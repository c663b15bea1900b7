import type { SessionRow, SessionRowSummary } from "../../ports/session-rows.ts";
import type { SessionFields, SessionView } from "../../ports/session-store.ts";
import type { SessionMemory } from "./session-memory.ts";

/** @param id the session's own, which whoever asks has at hand: making it from the index again costs more than the rest. */
export function viewOfSlot({ table }: SessionMemory, slot: number, id: string): SessionView {
  const { namespace, isOwn, createdAtMs, lastUsedAtMs, idleTimeoutMs, endsAtMs, version, tags } = table.fields(slot);
  const expiresAtMs = Math.min(lastUsedAtMs + idleTimeoutMs, endsAtMs);
  const bytes = table.values.rawLength(slot);
  return {
    id,
    namespace,
    isOwn,
    createdAtMs,
    lastUsedAtMs,
    idleTimeoutMs,
    endsAtMs,
    version,
    tags,
    expiresAtMs,
    bytes,
  };
}

export function viewOfRow(row: Omit<SessionRowSummary, "bytes">, bytes: number): SessionView {
  const { namespace, createdAtMs, lastUsedAtMs, idleTimeoutMs, endsAtMs, version, tags } = row;
  const id = row.ownId ?? row.id;
  const isOwn = row.ownId !== null;
  const expiresAtMs = Math.min(lastUsedAtMs + idleTimeoutMs, endsAtMs);
  return {
    id,
    namespace,
    isOwn,
    createdAtMs,
    lastUsedAtMs,
    idleTimeoutMs,
    endsAtMs,
    version,
    tags,
    expiresAtMs,
    bytes,
  };
}

/** What memory keeps of a row beside its key and its data. */
export function fieldsOf(row: Omit<SessionRow, "data">): SessionFields {
  const { namespace, createdAtMs, lastUsedAtMs, idleTimeoutMs, endsAtMs, version, tags } = row;
  return { namespace, isOwn: row.ownId !== null, createdAtMs, lastUsedAtMs, idleTimeoutMs, endsAtMs, version, tags };
}
