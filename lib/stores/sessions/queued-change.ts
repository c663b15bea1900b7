import type { SessionChange, SessionRow } from "../../ports/session-rows.ts";
import { usedAt } from "./used-at.ts";

/** What a change costs beside its data: its objects, its key, its place in the map, and the caller's id of ordinary length. */
const CHANGE_BYTES = 512;
const ORDINARY_ID = 64;

/** A row whose data are null as long as they are the ones in memory. */
type QueuedRow = Omit<SessionRow, "data"> & { data: Uint8Array | null };
/** `dataBytes` is the data's length. */
export type QueuedPut = { kind: "put"; row: QueuedRow; dataBytes: number };
type SmallChange = Exclude<SessionChange, { kind: "put" }>;
export type QueuedChange = QueuedPut | SmallChange;

/** What a change with so many bytes of data takes in the queue. */
export function sizeOfChange(dataBytes: number): number {
  return CHANGE_BYTES + dataBytes;
}

/** What an id that its caller chose takes on top, in UTF-16. */
export function idBytes(id: string | null): number {
  return id === null || id.length <= ORDINARY_ID ? 0 : 2 * id.length;
}

/** What tags take on top, in UTF-16. */
export function tagBytes(tags: string): number {
  return 2 * tags.length;
}

export function bytesOf(change: QueuedChange): number {
  if (change.kind !== "put") return sizeOfChange(0);
  return sizeOfChange(change.dataBytes + idBytes(change.row.ownId) + tagBytes(change.row.tags));
}

/** What stands in the queue after both: a later change takes the earlier one's place, a use goes into what waits. */
export function merged(before: QueuedChange | undefined, after: QueuedChange): QueuedChange {
  if (after.kind !== "use" || !before || before.kind === "use") return after;
  if (before.kind === "delete") return before;
  return { kind: "put", row: usedAt(before.row, after.lastUsedAtMs), dataBytes: before.dataBytes };
}
