import type { SessionRowSummary } from "../../ports/session-rows.ts";
import type { SessionMemory } from "./session-memory.ts";
import type { SessionFields } from "./session-table.ts";

/** A session as its reader sees it, without the data. */
export interface SessionView extends SessionFields {
  id: string;
  expiresAtMs: number;
  /** The data's length as JSON in UTF-8. */
  bytes: number;
}

export interface SessionText {
  view: SessionView;
  /** The data as JSON. */
  text: string;
}

/** @param id the session's own, which whoever asks has at hand: making it from the index again costs more than the rest. */
export function viewOfSlot({ table }: SessionMemory, slot: number, id: string): SessionView {
  const { namespace, createdAtMs, lastUsedAtMs, idleTimeoutMs, version } = table.fields(slot);
  const expiresAtMs = lastUsedAtMs + idleTimeoutMs;
  const bytes = table.values.rawLength(slot);
  return { id, namespace, createdAtMs, lastUsedAtMs, idleTimeoutMs, version, expiresAtMs, bytes };
}

export function viewOfRow(row: Omit<SessionRowSummary, "bytes">, bytes: number): SessionView {
  const { id, namespace, createdAtMs, lastUsedAtMs, idleTimeoutMs, version } = row;
  const expiresAtMs = lastUsedAtMs + idleTimeoutMs;
  return { id, namespace, createdAtMs, lastUsedAtMs, idleTimeoutMs, version, expiresAtMs, bytes };
}
