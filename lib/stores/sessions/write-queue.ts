import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { SessionChange, SessionEnd, SessionUse } from "../../ports/session-rows.ts";
import { BufferPool } from "../../shared/buffer-pool.ts";
import { MIB } from "../../shared/bytes.ts";
import { bytesOf, merged, type QueuedChange, type QueuedPut, sizeOfChange } from "./queued-change.ts";

export const QUEUE_BYTES = 8 * MIB;
/** A commit takes at most about this much, so that none of them holds the database for long. */
const BATCH_BYTES = MIB;
export const BATCH_CHANGES = 2_000;
/**
 * Last uses that may wait without room of their own, when the queue is full or the ledger grants nothing: a caller was told a
 * later end, and it must hold. About half a megabyte that nobody pays for.
 */
export const UNPAID_USES = 1_024;

interface Pending {
  change: QueuedChange;
  /** Paid for it; 0: a use that waits without room of its own. */
  bytes: number;
  /** Of the first change that this one has taken the place of: the maps are in this order. */
  sequence: number;
}

/** Room in the queue that has been set aside and paid for. */
export interface Room {
  bytes: number;
}

/** The sessions in memory, as their queue sees them. */
export interface ResidentSessions {
  /** The data of a session in memory, valid until anything changes there; null when it is not there. */
  dataOf(id: string): Uint8Array | null;
  /** Gives some memory up; false when there is none to give. */
  makeRoom(): boolean;
}

/** Who is told what happens to the queue: the commits. */
export interface QueueFollower {
  /** `isOldest`: nothing else waited. */
  added(isOldest: boolean): void;
  roomMade(): void;
}

/** Changes on their way to the database, and the buffer that their data were copied into. */
export interface Batch {
  readonly changes: SessionChange[];
  readonly copies: ArrayBuffer;
}

/**
 * The changes on their way to the database: one per session (a later one takes the earlier one's place), at most 8 MiB in all,
 * those being committed included.
 *
 * Data are not held twice: room is set aside for them, and they are copied into it when their session leaves memory, or all
 * together when a commit begins. A buffer for each change would be freed by the next collection only, and leave holes behind.
 */
export class WriteQueue {
  readonly #account: MemoryAccount;
  #resident: ResidentSessions | null = null;
  #follower: QueueFollower | null = null;
  #pending = new Map<string, Pending>();
  #committing = new Map<string, Pending>();
  #heldBytes = 0;
  #unpaid = 0;
  #sequence = 0;
  #makingRoom = false;
  /** What commits copy their data into: no batch and no session is larger. */
  readonly #buffers = new BufferPool(BATCH_BYTES);

  constructor(account: MemoryAccount) {
    this.#account = account;
  }

  /** Names the memory that the data lie in. Once, before the first change. */
  attach(resident: ResidentSessions): void {
    this.#resident = resident;
  }

  /** Names who commits the changes. Once, before the first change. */
  follow(follower: QueueFollower): void {
    this.#follower = follower;
  }

  /** Held by changes that wait or are being committed, and by what was reserved for more. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Changes that wait for a commit. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** Whether anything waits to be committed, or is being committed. */
  get isWaiting(): boolean {
    return this.#pending.size > 0 || this.#committing.size > 0;
  }

  /** Of the newest change. */
  get sequence(): number {
    return this.#sequence;
  }

  /** The first sequence number that has not been committed. */
  get oldestSequence(): number {
    const oldest = this.#committing.values().next().value ?? this.#pending.values().next().value;
    return oldest?.sequence ?? Number.POSITIVE_INFINITY;
  }

  /** The newest change to `id` that the database may not have yet; its data are the caller's own. */
  latest(id: string): SessionChange | undefined {
    const pending = this.#pending.get(id)?.change;
    const committing = this.#committing.get(id)?.change;
    const change = pending ? merged(committing, pending) : committing;
    if (change?.kind !== "put") return change;
    const data = this.#dataOf(change);
    return data ? { kind: "put", row: { ...change.row, data: new Uint8Array(data) } } : undefined;
  }

  /** The session is about to leave memory: what is queued of it gets data of its own. */
  detach(id: string): void {
    const change = this.#pending.get(id)?.change;
    if (change?.kind !== "put" || change.row.data !== null) return;
    const data = this.#dataOf(change);
    // Memory of its own: a small Buffer would lie in a pool of 8 KiB and keep all of it.
    if (data) change.row.data = new Uint8Array(data);
  }

  /** Sets room aside for a change with `dataBytes` of data; null when there is none just now. */
  tryReserve(dataBytes: number): Room | null {
    const bytes = sizeOfChange(dataBytes);
    if (this.#heldBytes + bytes > QUEUE_BYTES || !this.#reserve(bytes)) return null;
    this.#heldBytes += bytes;
    return { bytes };
  }

  /** Makes `room` larger by another one. */
  join(room: Room, more: Room): void {
    room.bytes += more.bytes;
    more.bytes = 0;
  }

  /** Gives back what is left of a room; nothing, once a change has been added with it. */
  release(room: Room): void {
    const { bytes } = room;
    room.bytes = 0;
    this.#release(bytes);
  }

  /** Queues a deletion that nobody waits for; false without room for it: the row's own time ends the session then. */
  addDeletion(id: string, end: SessionEnd | null): boolean {
    const room = this.#pending.has(id) ? { bytes: 0 } : this.tryReserve(0);
    if (room) this.#add({ kind: "delete", id, end }, room);
    return room !== null;
  }

  /** Queues a last use, without room of its own if need be; false when none of it can be kept now. */
  addUse(use: SessionUse): boolean {
    if (!this.canKeepUse && !this.#pending.has(use.id)) return false;
    this.keepUse(use);
    return true;
  }

  get canKeepUse(): boolean {
    return this.#unpaid < UNPAID_USES;
  }

  /** The same whatever waits already: of a session that leaves memory, which took more there. */
  keepUse(use: SessionUse): void {
    this.#add(use, (this.#pending.has(use.id) ? null : this.tryReserve(0)) ?? { bytes: 0 });
  }

  /** Queues `change` in the room that was reserved for it, and gives back what it does not need. */
  add(change: QueuedChange, room: Room): void {
    if (room.bytes < bytesOf(change)) throw new RangeError("a change was queued without room for it");
    this.#add(change, room);
  }

  /**
   * Takes the changes of the next commit, each with its data: what is only in memory is copied into one buffer, since it may
   * change there meanwhile. @throws {Error} when data have left memory without `detach`: that change is given up.
   */
  takeBatch(): Batch {
    const changes = this.#moveBatch();
    return { copies: this.#copyData(changes), changes: changes as SessionChange[] };
  }

  /** The batch is in the database: what it held is free. */
  settle({ copies }: Batch): void {
    this.#buffers.release(copies);
    let bytes = 0;
    for (const { bytes: held } of this.#committing.values()) {
      bytes += held;
      if (held === 0) this.#unpaid--;
    }
    this.#committing.clear();
    this.#release(bytes);
  }

  /** A failed batch goes before what came since; what was replaced meanwhile is merged into it. It keeps its copies of data. */
  putBack(): void {
    const since = this.#pending;
    this.#pending = this.#committing;
    this.#committing = new Map();
    for (const [id, { change, bytes, sequence }] of since) {
      const before = this.#pending.get(id);
      const next = merged(before?.change, change);
      const paid = (before?.bytes ?? 0) + bytes;
      const kept = Math.min(paid, bytesOf(next));
      this.#unpaid += Number(kept === 0) - Number(bytes === 0) - Number(before?.bytes === 0);
      this.#pending.set(id, { change: next, bytes: kept, sequence: before?.sequence ?? sequence });
      this.#release(paid - kept);
    }
  }

  #add(change: QueuedChange, room: Room): void {
    const id = change.kind === "put" ? change.row.id : change.id;
    const before = this.#pending.get(id);
    const next = merged(before?.change, change);
    const sequence = ++this.#sequence;
    // Two changes have become one: what both had reserved, less what the one needs, goes back.
    const paid = (before?.bytes ?? 0) + room.bytes;
    const bytes = Math.min(paid, bytesOf(next));
    room.bytes = 0;
    this.#unpaid += Number(bytes === 0) - Number(before?.bytes === 0);
    const isOldest = this.#pending.size === 0;
    this.#pending.set(id, { change: next, bytes, sequence: before?.sequence ?? sequence });
    this.#release(paid - bytes);
    this.#follower?.added(isOldest);
  }

  #moveBatch(): QueuedChange[] {
    const changes: QueuedChange[] = [];
    let bytes = 0;
    for (const [id, pending] of this.#pending) {
      if (changes.length > 0 && (bytes + pending.bytes > BATCH_BYTES || changes.length === BATCH_CHANGES)) break;
      changes.push(pending.change);
      bytes += pending.bytes;
      this.#pending.delete(id);
      this.#committing.set(id, pending);
    }
    return changes;
  }

  #copyData(changes: readonly QueuedChange[]): ArrayBuffer {
    const puts = changes.filter((change): change is QueuedPut => change.kind === "put" && change.row.data === null);
    const copies = this.#buffers.acquire(puts.reduce((sum, { dataBytes }) => sum + dataBytes, 0));
    let at = 0;
    for (const put of puts) {
      const data = this.#dataOf(put);
      if (!data) throw this.#givenUp(put);
      const copy = new Uint8Array(copies, at, put.dataBytes);
      copy.set(data);
      put.row.data = copy;
      at += put.dataBytes;
    }
    return copies;
  }

  /** Null when they have left memory without `detach`: a fault of ours that must not become every other session's. */
  #dataOf({ row, dataBytes }: QueuedPut): Uint8Array | null {
    const data = row.data ?? this.#resident?.dataOf(row.id);
    return data?.length === dataBytes ? data : null;
  }

  /** Takes a change that can never be committed out of the batch: it would make each commit fail from now on. */
  #givenUp({ row }: QueuedPut): Error {
    const given = this.#committing.get(row.id);
    this.#committing.delete(row.id);
    this.#release(given?.bytes ?? 0);
    return new Error("the data of a queued session have left memory without it: its last change is lost");
  }

  #reserve(bytes: number): boolean {
    while (!this.#account.tryReserve(bytes)) {
      // A session that makes room may leave a last use to be queued: that one takes what is there, or nothing.
      if (this.#makingRoom) return false;
      this.#makingRoom = true;
      const made = this.#resident?.makeRoom() ?? false;
      this.#makingRoom = false;
      if (!made) return false;
    }
    return true;
  }

  #release(bytes: number): void {
    if (bytes === 0) return;
    this.#heldBytes -= bytes;
    this.#account.release(bytes);
    this.#follower?.roomMade();
  }
}
