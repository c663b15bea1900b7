import { hasTag, type SessionRowSummary, type SessionTerms } from "../../ports/session-rows.ts";
import type { SessionView } from "../../ports/session-store.ts";
import type { Condition } from "../../shared/condition.ts";
import type { Json } from "../../shared/json-value.ts";
import type { GroupCommit } from "./group-commit.ts";
import { encoded, type MeasuredText } from "./measured-text.ts";
import { mergePatch } from "./merge-patch.ts";
import { type Named, queuePut } from "./queue-put.ts";
import { idBytes, sizeOfChange, tagBytes } from "./queued-change.ts";
import { checkVersion, pressure } from "./session-errors.ts";
import type { SessionLoads, Visit } from "./session-loads.ts";
import type { SessionMemory } from "./session-memory.ts";
import { checkTerms, expiryOf } from "./session-terms.ts";
import type { SpilledSessions } from "./spilled-sessions.ts";
import type { WriteAdmission } from "./write-admission.ts";
import type { Room, WriteQueue } from "./write-queue.ts";

interface Parts {
  memory: SessionMemory;
  queue: WriteQueue;
  commits: GroupCommit;
  spilled: SpilledSessions;
  loads: SessionLoads;
  writes: WriteAdmission;
}

interface Replacement {
  data: MeasuredText;
  terms: SessionTerms;
  condition: Condition | null;
  only?: Visit<unknown>["only"];
}

/** What is to be made of a session that is looked at first. */
export interface Revision {
  /** Merged into the data (RFC 7396); undefined: the data stay. */
  patch: Json | undefined;
  terms: SessionTerms;
  condition: Condition | null;
  /** Terms alone that are set by a touch are no new version of the session. */
  isTouch: boolean;
}

/** Changes sessions that are there. Between looking at a session and changing it no other call runs. */
export class SessionChanges {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  replace(namespace: string, id: string, { data, terms, condition, only }: Replacement): Promise<SessionView> {
    const { loads, memory, writes } = this.#parts;
    checkTerms(terms, memory.nowMs());
    return writes.acknowledged(namespace, () =>
      writes.withRoom(data.bytes + idBytes(id), (room) =>
        loads.visit(namespace, id, {
          only,
          resident: (slot, key) => {
            checkVersion(memory.table.version(slot), condition);
            return this.#store({ slot, key, id }, data, terms, room);
          },
        }),
      ),
    );
  }

  revise(namespace: string, id: string, revision: Revision): Promise<SessionView> {
    const { commits, loads, memory, queue, writes } = this.#parts;
    checkTerms(revision.terms, memory.nowMs());
    let neededBytes = 0;
    return writes.acknowledged(namespace, async () => {
      // Room as large as the last attempt wanted is waited for here: an attempt must not wait between reading and writing.
      queue.release(await commits.reserve(neededBytes));
      return loads.visit(namespace, id, {
        resident: (slot, key) => {
          checkVersion(memory.table.version(slot), revision.condition);
          const data = this.#patched(slot, revision.patch);
          const tags = revision.terms.tags ?? memory.table.tags.of(slot);
          neededBytes = (data?.bytes ?? memory.table.values.rawLength(slot)) + idBytes(id) + tagBytes(tags);
          return this.#storeAtOnce({ slot, key, id }, data, revision, neededBytes);
        },
      });
    });
  }

  async delete(namespace: string, id: string, condition: Condition | null): Promise<void> {
    const { commits, loads, memory, queue, spilled, writes } = this.#parts;
    const room = await commits.reserveForRemoval();
    try {
      await loads.visit(namespace, id, {
        resident: (slot, key) => {
          checkVersion(memory.table.version(slot), condition);
          const end = memory.endOf(slot, memory.nowMs());
          memory.delete(slot);
          queue.add({ kind: "delete", id: key, end }, room);
        },
        detached: (row) => {
          checkVersion(row.version, condition);
          spilled.taken();
          const end = row.ownId === null ? null : { namespace: row.namespace, endedAtMs: memory.nowMs() };
          queue.add({ kind: "delete", id: row.id, end }, room);
        },
      });
    } finally {
      queue.release(room);
    }
    await writes.durable();
  }

  /**
   * Ends the session of a row wherever it is, without bringing it into memory; false when it was over by then, or had lost `tag`.
   * The deletion is on its way when this resolves: `durable` says when it is kept.
   */
  async end(row: SessionRowSummary, tag: string | undefined): Promise<boolean> {
    const { commits, memory, queue, spilled } = this.#parts;
    const room = await commits.reserveForRemoval();
    try {
      const slot = memory.find(row.id);
      const change = slot < 0 ? queue.latest(row.id) : undefined;
      if (slot < 0 && (change?.kind === "delete" || expiryOf(row) <= memory.nowMs())) return false;
      if (tag !== undefined) {
        // The page may be old by now.
        const queued = change?.kind === "put" ? change.row.tags : row.tags;
        if (!hasTag(slot < 0 ? queued : memory.table.tags.of(slot), tag)) return false;
      }
      if (slot >= 0) memory.delete(slot);
      else spilled.taken();
      const end = row.ownId === null ? null : { namespace: row.namespace, endedAtMs: memory.nowMs() };
      queue.add({ kind: "delete", id: row.id, end }, room);
      return true;
    } finally {
      queue.release(room);
    }
  }

  #patched(slot: number, patch: Json | undefined): MeasuredText | null {
    if (patch === undefined) return null;
    const target: Json = JSON.parse(this.#parts.memory.text(slot));
    return this.#parts.writes.measured(JSON.stringify(mergePatch(target, patch)));
  }

  #store(named: Named, data: MeasuredText, terms: SessionTerms, room: Room): SessionView {
    const { memory, queue, writes } = this.#parts;
    writes.claim(memory.table.namespace(named.slot), data.bytes - memory.table.values.rawLength(named.slot), 0);
    // Used first, so that it is the last to be pushed out while its new data look for room.
    memory.use(named.slot);
    this.#makeRoomForTags(named, data.bytes, terms, room);
    if (!memory.replace(named.slot, encoded(data))) {
      memory.table.tags.set(named.slot, memory.table.tags.of(named.slot));
      throw pressure();
    }
    memory.table.setTerms(named.slot, terms);
    return queuePut(memory, queue, named, room);
  }

  /** Room for the tags that the session has or gets: for those that are named in memory too, and in the queue for either. */
  #makeRoomForTags({ slot, key, id }: Named, dataBytes: number, { tags }: SessionTerms, room: Room): void {
    const { memory, queue } = this.#parts;
    const kept = tags ?? memory.table.tags.of(slot);
    if (kept !== "") {
      const missing = sizeOfChange(dataBytes + idBytes(id) + tagBytes(kept)) - room.bytes;
      const more = missing > 0 ? queue.tryReserve(missing) : null;
      if (missing > 0 && more === null) throw pressure();
      if (more !== null) queue.join(room, more);
      if (memory.find(key) !== slot) throw pressure();
    }
    if (tags !== undefined && !memory.holdTags(slot, tags)) throw pressure();
  }

  /** Stores if there is room in the queue just now, and if making it has not pushed out this very session. */
  #storeAtOnce(named: Named, data: MeasuredText | null, { terms, isTouch }: Revision, bytes: number): SessionView {
    const { memory, queue } = this.#parts;
    memory.use(named.slot);
    const room = queue.tryReserve(bytes);
    if (!room) throw pressure();
    try {
      if (memory.find(named.key) !== named.slot) throw pressure();
      if (data !== null) return this.#store(named, data, terms, room);
      if (terms.tags !== undefined && !memory.holdTags(named.slot, terms.tags)) throw pressure();
      memory.table.setTerms(named.slot, terms);
      if (!isTouch) memory.table.bumpVersion(named.slot);
      return queuePut(memory, queue, named, room);
    } finally {
      queue.release(room);
    }
  }
}
