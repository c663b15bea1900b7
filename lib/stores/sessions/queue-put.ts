import type { SessionView } from "../../ports/session-store.ts";
import type { SessionMemory } from "./session-memory.ts";
import { viewOfSlot } from "./session-view.ts";
import type { Room, WriteQueue } from "./write-queue.ts";

/** A session in memory, and what its caller calls it. */
export interface Named {
  slot: number;
  key: string;
  id: string;
}

/** Sends the session in memory on its way to its row, its last use with it. */
export function queuePut(memory: SessionMemory, queue: WriteQueue, { slot, key, id }: Named, room: Room): SessionView {
  const view = viewOfSlot(memory, slot, id);
  const { namespace, isOwn, createdAtMs, lastUsedAtMs, idleTimeoutMs, endsAtMs, version, tags } = view;
  memory.table.unsavedUses.remove(slot);
  const ownId = isOwn ? id : null;
  const row = {
    id: key,
    ownId,
    namespace,
    createdAtMs,
    lastUsedAtMs,
    idleTimeoutMs,
    endsAtMs,
    version,
    tags,
    data: null,
  };
  queue.add({ kind: "put", row, dataBytes: view.bytes }, room);
  return view;
}
