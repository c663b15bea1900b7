import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { SessionChange, SessionRow, SessionRows, SessionUse } from "../../ports/session-rows.ts";
import { MIB } from "../../shared/bytes.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError, type ProblemCode } from "../../shared/errors.ts";
import { SpareBuffers } from "../../shared/spare-buffers.ts";
import { usedAt } from "./session-view.ts";

export type Durability = "everysec" | "always";

export const QUEUE_BYTES = 8 * MIB;
/** What a change costs beside its data: its objects, its key, its place in the map. */
const CHANGE_BYTES = 512;
/** A commit takes at most about this much, so that none of them holds the database for long. */
const BATCH_BYTES = MIB;
const BATCH_CHANGES = 2_000;
/**
 * `everysec` starts a commit when its first change is this old, or when changes hold so much; the commit itself has the rest of
 * the second. A session that is changed again meanwhile is written once.
 */
const FLUSH_AFTER_MS = 500;
const FLUSH_AT_BYTES = MIB;
/**
 * Last uses that may wait without room of their own, when the queue is full or the ledger grants nothing: a caller was told a
 * later end, and it must hold. About half a megabyte that nobody pays for.
 */
export const UNPAID_USES = 1_024;
const RETRY_AFTER_MS = 500;
/** A writer waits this long for room in the queue before it is told to come again. */
const PATIENCE_MS = 5_000;

/** A row whose data are null as long as they are the ones in memory. */
type QueuedRow = Omit<SessionRow, "data"> & { data: Uint8Array | null };
/** `dataBytes` is the data's length. */
type QueuedPut = { kind: "put"; row: QueuedRow; dataBytes: number };
type SmallChange = Exclude<SessionChange, { kind: "put" }>;
export type QueuedChange = QueuedPut | SmallChange;

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

interface Waiter {
  resolve: () => void;
  reject: (error: unknown) => void;
}

export interface WriteBehindOptions {
  rows: SessionRows;
  account: MemoryAccount;
  clock: Clock;
  /** Commits start with the first change (`always`), or up to half a second later (`everysec`). */
  durability(): Durability;
  /** Hands over last uses that are due, at most so many, until `queue` says no: they go along with the next commit. */
  collectUses(most: number, queue: (use: SessionUse) => boolean): void;
  /** The data of a session in memory, valid until anything changes there; null when it is not there. */
  dataOf(id: string): Uint8Array | null;
  /** Asks the sessions in memory to give some of it up; false when they have none to give. */
  makeRoom(): boolean;
  /** Why the database cannot be written to, where that is known before a commit fails: its file is gone, or its disk hangs. */
  storageFault?: (() => AppError | null) | undefined;
  onFailure(error: unknown): void;
}

function bytesOf(change: QueuedChange): number {
  return CHANGE_BYTES + (change.kind === "put" ? change.dataBytes : 0);
}

function merged(before: QueuedChange | undefined, after: QueuedChange): QueuedChange {
  if (after.kind !== "use" || !before || before.kind === "use") return after;
  if (before.kind === "delete") return before;
  return { kind: "put", row: usedAt(before.row, after.lastUsedAtMs), dataBytes: before.dataBytes };
}

/**
 * The changes on their way to the database: one per session (a later one takes the earlier one's place), at most 8 MiB in all,
 * those being committed included. Whoever has more waits for room. One commit runs at a time, and while it runs the next
 * one gathers, so that a slow disk makes larger groups instead of a longer queue.
 *
 * Data are not held twice: room is set aside for them, and they are copied into it when their session leaves memory, or all
 * together when a commit begins. A buffer for each change would be freed by the next collection only, and leave holes behind.
 */
export class WriteBehind {
  readonly #options: WriteBehindOptions;
  #pending = new Map<string, Pending>();
  #committing = new Map<string, Pending>();
  /** When the oldest pending change came, or earlier. */
  #waitingSinceMs = 0;
  #heldBytes = 0;
  #unpaid = 0;
  #sequence = 0;
  #failure: unknown = null;
  #running: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  readonly #forRoom = new Set<Waiter>();
  readonly #forCommit = new Set<Waiter & { sequence: number }>();
  #makingRoom = false;
  /** What commits copy their data into: no batch and no session is larger. */
  readonly #spares = new SpareBuffers(BATCH_BYTES);

  constructor(options: WriteBehindOptions) {
    this.#options = options;
  }

  /** Held by changes that wait or are being committed, and by what was reserved for more. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Why the last commit failed, or null when it did not. */
  get failure(): unknown {
    return this.#failure;
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
    const bytes = dataBytes + CHANGE_BYTES;
    if (this.#heldBytes + bytes > QUEUE_BYTES || !this.#take(bytes)) return null;
    this.#heldBytes += bytes;
    return { bytes };
  }

  /**
   * Sets room aside, waiting for it if need be.
   * @throws {AppError} storage-full, storage-read-only, storage-unavailable, memory-pressure.
   */
  async reserve(dataBytes: number): Promise<Room> {
    this.#checkStorage();
    if (this.#options.rows.roomBytes() - this.#heldBytes < dataBytes + CHANGE_BYTES)
      throw new AppError("storage-full", "The disk quota is used up. Delete data, or raise HEADROOM_DISK_MAX_MB.");
    return this.#reserve(dataBytes);
  }

  /**
   * The same for a change that takes nothing on disk: a full one must not keep anyone from deleting.
   * @throws {AppError} storage-read-only, storage-unavailable, memory-pressure.
   */
  async reserveForRemoval(): Promise<Room> {
    this.#checkStorage("storage-full");
    return this.#reserve(0);
  }

  async #reserve(dataBytes: number): Promise<Room> {
    for (;;) {
      const room = this.tryReserve(dataBytes);
      if (room) return room;
      await this.#roomMade();
    }
  }

  /** Gives back what is left of a room; nothing, once a change has been added with it. */
  release(room: Room): void {
    const { bytes } = room;
    room.bytes = 0;
    this.#letGo(bytes);
  }

  /** Refuses at once what cannot be kept, since the database fails: what is acknowledged would be gone with this process. */
  #checkStorage(borne?: ProblemCode): void {
    const failure = this.#options.storageFault?.() ?? this.#failure;
    if (!failure) return;
    const refusal = this.#refusal(failure);
    if (refusal.code !== borne) throw refusal;
  }

  /** Waits until a commit has made room. @throws {AppError} when that takes over 5 s, or when the commit fails. */
  async #roomMade(): Promise<void> {
    // With nothing on its way there is nothing to wait for: the memory is held by others.
    if (this.#heldBytes === 0)
      throw new AppError("memory-pressure", "Not enough memory for this write right now. Retry later.", {
        headers: { "Retry-After": "1" },
      });
    void this.flush();
    await this.#wait(this.#forRoom, {});
  }

  /** Queues a deletion that nobody waits for; false without room for it: the row's own time ends the session then. */
  addDeletion(id: string): boolean {
    const room = this.#pending.has(id) ? { bytes: 0 } : this.tryReserve(0);
    if (room) this.#add({ kind: "delete", id }, room);
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

  /** Whether anything waits to be committed. */
  get isWaiting(): boolean {
    return this.#pending.size > 0 || this.#committing.size > 0;
  }

  /** Queues `change` in the room that was reserved for it, and gives back what it does not need. */
  add(change: QueuedChange, room: Room): void {
    if (room.bytes < bytesOf(change)) throw new RangeError("a change was queued without room for it");
    this.#add(change, room);
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
    if (this.#pending.size === 0) this.#waitingSinceMs = this.#options.clock.monotonicMs();
    this.#pending.set(id, { change: next, bytes, sequence: before?.sequence ?? sequence });
    this.#letGo(paid - bytes);
    this.#schedule();
  }

  /** Resolves when everything added so far has been committed. @throws {AppError} when the commit fails. */
  async committed(): Promise<void> {
    const sequence = this.#sequence;
    if (this.#oldestSequence() > sequence) return;
    // Somebody waits: the timer, which gathers changes that nobody waits for, would only make it longer.
    void this.flush();
    await this.#wait(this.#forCommit, { sequence });
  }

  /** Commits all that waits now, and the last uses that are due. */
  async flush(): Promise<void> {
    await this.#running;
    if (!this.#running) {
      this.#running = this.#drain().finally(() => {
        this.#running = null;
        if (this.#pending.size > 0) this.#schedule();
      });
    }
    await this.#running;
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #schedule(): void {
    if (this.#running) return;
    if (this.#failure === null && (this.#options.durability() === "always" || this.#heldBytes >= FLUSH_AT_BYTES)) {
      void this.flush();
      return;
    }
    if (this.#cancelTimer !== null) return;
    const waitedMs = this.#options.clock.monotonicMs() - this.#waitingSinceMs;
    const delayMs = this.#failure === null ? Math.max(0, FLUSH_AFTER_MS - waitedMs) : RETRY_AFTER_MS;
    this.#cancelTimer = this.#options.clock.after(delayMs, () => {
      this.#cancelTimer = null;
      void this.flush();
    });
  }

  async #drain(): Promise<void> {
    const last = this.#sequence;
    // What arrives in this turn of the loop goes along: that is the group in group commit.
    await Promise.resolve();
    this.#addUses();
    while (this.#pending.size > 0) {
      if (!(await this.#commit(this.#takeBatch())) || this.#oldestSequence() > last) return;
    }
  }

  #addUses(): void {
    // What cannot be taken now stays due, and is asked for again.
    this.#options.collectUses(BATCH_CHANGES, (use) => this.addUse(use));
  }

  #takeBatch(): QueuedChange[] {
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

  /** Gives each change its data: what is only in memory is copied into the one buffer returned, since it may change there meanwhile. */
  #copyData(changes: readonly QueuedChange[]): ArrayBuffer {
    const puts = changes.filter((change): change is QueuedPut => change.kind === "put" && change.row.data === null);
    const copies = this.#spares.take(puts.reduce((sum, { dataBytes }) => sum + dataBytes, 0));
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
    const data = row.data ?? this.#options.dataOf(row.id);
    return data?.length === dataBytes ? data : null;
  }

  /** Takes a change that can never be committed out of the batch: it would make each commit fail from now on. */
  #givenUp({ row }: QueuedPut): Error {
    const given = this.#committing.get(row.id);
    this.#committing.delete(row.id);
    this.#letGo(given?.bytes ?? 0);
    return new Error("the data of a queued session have left memory without it: its last change is lost");
  }

  async #commit(changes: readonly QueuedChange[]): Promise<boolean> {
    try {
      const copies = this.#copyData(changes);
      await this.#options.rows.apply(changes as SessionChange[]);
      // Not after a failure: it is what those changes have, for as long as they wait.
      this.#spares.give(copies);
    } catch (error) {
      this.#putBack();
      this.#failure = error;
      this.#options.onFailure(error);
      const refusal = this.#refusal(error);
      for (const waiter of [...this.#forRoom, ...this.#forCommit]) waiter.reject(refusal);
      return false;
    }
    this.#failure = null;
    let bytes = 0;
    for (const { bytes: held } of this.#committing.values()) {
      bytes += held;
      if (held === 0) this.#unpaid--;
    }
    this.#committing.clear();
    this.#letGo(bytes);
    this.#tellCommitted();
    return true;
  }

  /** A failed batch goes before what came since; what was replaced meanwhile is merged into it. */
  #putBack(): void {
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
      this.#letGo(paid - kept);
    }
  }

  /** The first sequence number that has not been committed. */
  #oldestSequence(): number {
    const oldest = this.#committing.values().next().value ?? this.#pending.values().next().value;
    return oldest?.sequence ?? Number.POSITIVE_INFINITY;
  }

  #tellCommitted(): void {
    const oldest = this.#oldestSequence();
    for (const waiter of this.#forCommit) if (waiter.sequence < oldest) waiter.resolve();
  }

  #take(bytes: number): boolean {
    while (!this.#options.account.tryTake(bytes)) {
      // A session that makes room may leave a last use to be queued: that one takes what is there, or nothing.
      if (this.#makingRoom) return false;
      this.#makingRoom = true;
      const made = this.#options.makeRoom();
      this.#makingRoom = false;
      if (!made) return false;
    }
    return true;
  }

  #letGo(bytes: number): void {
    if (bytes === 0) return;
    this.#heldBytes -= bytes;
    this.#options.account.give(bytes);
    for (const waiter of this.#forRoom) waiter.resolve();
  }

  #wait<Extra extends object>(waiters: Set<Waiter & Extra>, extra: Extra): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => () => {
        cancel();
        waiters.delete(waiter);
        end();
      };
      const waiter = { ...extra, resolve: settle(resolve), reject: (error: unknown) => settle(() => reject(error))() };
      const cancel = this.#options.clock.after(PATIENCE_MS, () =>
        waiter.reject(
          new AppError("storage-unavailable", "The database is too slow at the moment. Retry later.", {
            headers: { "Retry-After": "1" },
          }),
        ),
      );
      waiters.add(waiter);
    });
  }

  #refusal(error: unknown): AppError {
    if (error instanceof AppError) return error;
    return new AppError("storage-unavailable", "The database does not answer", {
      headers: { "Retry-After": "1" },
      cause: error,
    });
  }
}
