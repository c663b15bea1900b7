import type { StoreStats } from "../../contracts/memory.ts";
import type { BoundedStore, ReliefStep, Slicer } from "../../ports/bounded-store.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { SessionPast, SessionPosition, SessionRow, SessionRows } from "../../ports/session-rows.ts";
import { MIB } from "../../shared/bytes.ts";
import type { Clock } from "../../shared/clock.ts";
import { type Condition, holds } from "../../shared/condition.ts";
import { AppError } from "../../shared/errors.ts";
import type { Json } from "../../shared/json-value.ts";
import { KeyedLock } from "../../shared/keyed-lock.ts";
import { DueUses } from "./due-uses.ts";
import { newSessionId } from "./id-index.ts";
import { encoded, type MeasuredText } from "./measured-text.ts";
import { mergePatch } from "./merge-patch.ts";
import { SessionLoads } from "./session-loads.ts";
import { SessionMemory } from "./session-memory.ts";
import { sessionRelief } from "./session-relief.ts";
import { type SessionText, type SessionView, viewOfRow, viewOfSlot } from "./session-view.ts";
import { type Durability, type Room, WriteBehind } from "./write-behind.ts";

/** The largest `data`, as JSON in UTF-8. */
export const MAX_DATA_BYTES = MIB;
const TICK_MS = 250;
/** Sessions that an export lists at a time. */
const PEEKED_AT_ONCE = 100;
/** Rows are deleted this long after their time was up: a last use that is on its way to them arrives before. */
const ROW_GRACE_MS = 60_000;
const ROWS_PER_SWEEP = 2_000;
const PRESSURE_RETRIES = 5;

export interface SessionPoolOptions {
  rows: SessionRows;
  account: MemoryAccount;
  clock: Clock;
  maxItems: number;
  idleTimeoutMs: number;
  durability: Durability;
  /** Packing idle values can be switched off, to see what it brings; so can keeping the ones in use ready. */
  packing: boolean;
  hotTier: boolean;
  /** Why the database cannot be written to, where that is known before a commit fails. */
  storageFault?: () => AppError | null;
  onFailure(error: unknown): void;
}

/**
 * Sessions: the ones used last in memory, bounded; every one of them in the database. A change is made in memory and follows
 * to the database within the second (`everysec`) or before it is acknowledged (`always`). What is pushed out of memory comes
 * back on its next use, until its idle timeout. Between looking at a session and changing it no other call runs, so that
 * of two writers who name the same version one fails.
 */
export class SessionPool implements BoundedStore {
  readonly name = "sessions";
  readonly component = "sessions" as const;
  readonly memory: SessionMemory;
  readonly relief: readonly ReliefStep[];
  readonly #options: SessionPoolOptions;
  readonly #uses: DueUses;
  readonly #changes: WriteBehind;
  readonly #loads: SessionLoads;
  readonly #puts = new KeyedLock();
  #spilledItems = 0;
  #cancelTick: (() => void) | null = null;
  #packing = false;
  #durability: Durability;

  constructor(options: SessionPoolOptions) {
    this.#options = options;
    this.#durability = options.durability;
    this.memory = new SessionMemory({
      ...options,
      spilledItems: () => Math.max(0, this.#spilledItems),
      canKeepUse: () => this.#changes.canKeepUse,
      beforeSpill: (id) => this.#changes.detach(id),
      onSpill: (id, lastUsedAtMs, useIsSaved) => {
        this.#spilledItems++;
        if (!useIsSaved) this.#changes.keepUse({ kind: "use", id, lastUsedAtMs });
      },
      onExpire: (id) => {
        this.#changes.addDeletion(id);
      },
    });
    this.relief = sessionRelief(this.memory);
    this.#uses = new DueUses(this.memory.table);
    this.#changes = new WriteBehind({
      ...options,
      durability: () => this.#durability,
      collectUses: (most, queue) => {
        if (this.#durability === "always") this.#uses.demand();
        this.#uses.collect(most, queue);
      },
      dataOf: (id) => this.memory.dataOf(id),
      makeRoom: () => this.memory.makeRoom(),
    });
    this.#loads = new SessionLoads({
      rows: options.rows,
      memory: this.memory,
      changes: this.#changes,
      onRestore: () => {
        this.#spilledItems--;
      },
    });
  }

  /** Held by changes on their way to the database. */
  get queuedBytes(): number {
    return this.#changes.heldBytes;
  }

  stats(): StoreStats {
    return this.memory.stats();
  }

  resize(bounds: { maxItems?: number; maxBytes?: number; ttlMs?: number }): void {
    this.memory.resize(bounds);
  }

  setDurability(durability: Durability): void {
    this.#durability = durability;
  }

  /** Counts what the database holds and begins to pack and to save last uses. */
  async start(): Promise<void> {
    await this.#recount();
    this.#cancelTick = this.#options.clock.every(TICK_MS, () => void this.tick());
  }

  /** Saves everything; the pool takes no calls after it. */
  async close(): Promise<void> {
    this.#cancelTick?.();
    this.#cancelTick = null;
    do {
      this.#uses.demand();
      await this.#changes.flush();
    } while (this.#uses.waiting > 0 && this.#changes.failure === null);
    this.#changes.stop();
  }

  /** @throws {AppError} item-too-large, storage-full, storage-read-only, storage-unavailable, memory-pressure. */
  create(namespace: string, text: string, idleTimeoutMs = this.memory.idleTimeoutMs): Promise<SessionView> {
    return this.#createAs(newSessionId(), namespace, text, idleTimeoutMs, null);
  }

  /**
   * Keeps data under an id that the caller derived, whether a session was there or not, so that an import can be sent again.
   * The id must be as unguessable as one of ours. A session that is not there yet goes on from its `past`.
   * @throws {AppError} as `create`; validation-failed when a session with a past was over.
   */
  put(
    id: string,
    namespace: string,
    text: string,
    idleTimeoutMs = this.memory.idleTimeoutMs,
    past: SessionPast | null = null,
  ): Promise<SessionView> {
    // Two at once would both find nothing, and both make it.
    return this.#puts.run(id, async () => {
      try {
        return await this.#replace(namespace, id, text, null, false);
      } catch (error) {
        if (!(error instanceof AppError && error.code === "not-found")) throw error;
        return await this.#createAs(id, namespace, text, idleTimeoutMs, past);
      }
    });
  }

  /** Resolves when all that was accepted so far is in the database. @throws {AppError} when it cannot be written. */
  committed(): Promise<void> {
    return this.#changes.committed();
  }

  async #createAs(
    id: string,
    namespace: string,
    text: string,
    idleTimeoutMs: number,
    past: SessionPast | null,
  ): Promise<SessionView> {
    const data = this.#measured(text);
    return this.#acknowledged(() =>
      this.#withRoom(data.bytes, (room) => {
        const nowMs = this.memory.nowMs();
        // Other clocks may be ahead of ours: nothing lives longer for that.
        const lastUsedAtMs = Math.min(past?.lastUsedAtMs ?? nowMs, nowMs);
        if (lastUsedAtMs + idleTimeoutMs <= nowMs)
          throw new AppError(
            "validation-failed",
            "/expiresAt: the session has expired; to start it as a new one, send the record without its export fields",
          );
        const createdAtMs = Math.min(past?.createdAtMs ?? nowMs, lastUsedAtMs);
        const fields = { namespace, createdAtMs, lastUsedAtMs, idleTimeoutMs, version: past?.version ?? 1 };
        const slot = this.memory.insert(id, fields, encoded(data));
        if (slot < 0) throw pressure();
        return this.#queue(id, slot, room);
      }),
    );
  }

  /** Reads the data and slides the timeout. @throws {AppError} not-found. */
  get(namespace: string, id: string): Promise<SessionText> {
    return this.read(namespace, id, (view, data) => ({ view, text: Buffer.from(data).toString() }));
  }

  /**
   * Slides the timeout and hands the data to `show`, as JSON in UTF-8 and without a copy: they may move as soon as it returns.
   * @throws {AppError} not-found.
   */
  read<Shown>(namespace: string, id: string, show: (view: SessionView, data: Uint8Array) => Shown): Promise<Shown> {
    return this.#loads.visit(namespace, id, {
      resident: (slot) => {
        this.memory.use(slot);
        return show(viewOfSlot(this.memory, slot, id), this.memory.bytes(slot));
      },
      detached: async (row) => show(await this.#useRow(row), row.data),
    });
  }

  /** Slides the timeout only. @throws {AppError} not-found. */
  async touch(namespace: string, id: string): Promise<SessionView> {
    const view = await this.#loads.visit(namespace, id, {
      resident: (slot) => {
        this.memory.use(slot);
        return viewOfSlot(this.memory, slot, id);
      },
      detached: (row) => this.#useRow(row),
    });
    // A use that is asked for by itself is as durable as any other change.
    if (this.#durability === "always") await this.#changes.flush();
    return view;
  }

  /** @throws {AppError} not-found, version-mismatch, and what `create` throws. */
  replace(namespace: string, id: string, text: string, condition: Condition | null): Promise<SessionView> {
    return this.#replace(namespace, id, text, condition, true);
  }

  async #replace(
    namespace: string,
    id: string,
    text: string,
    condition: Condition | null,
    isLookup: boolean,
  ): Promise<SessionView> {
    const data = this.#measured(text);
    return this.#acknowledged(() =>
      this.#withRoom(data.bytes, (room) =>
        this.#loads.visit(namespace, id, {
          isLookup,
          resident: (slot) => this.#store(id, slot, data, condition, room),
        }),
      ),
    );
  }

  /** Merges `patch` into the data (RFC 7396). @throws {AppError} as `replace`. */
  async patch(namespace: string, id: string, patch: Json, condition: Condition | null): Promise<SessionView> {
    let neededBytes = 0;
    return this.#acknowledged(async () => {
      // Room as large as the last attempt wanted is waited for here: an attempt must not wait between reading and writing.
      this.#changes.release(await this.#changes.reserve(neededBytes));
      return this.#loads.visit(namespace, id, {
        resident: (slot) => {
          checkVersion(this.memory.table.version(slot), condition);
          const target: Json = JSON.parse(this.memory.text(slot));
          const data = this.#measured(JSON.stringify(mergePatch(target, patch)));
          neededBytes = data.bytes;
          return this.#storeAtOnce(id, slot, data);
        },
      });
    });
  }

  /** @throws {AppError} not-found, version-mismatch. */
  async delete(namespace: string, id: string, condition: Condition | null): Promise<void> {
    const room = await this.#changes.reserveForRemoval();
    try {
      await this.#loads.visit(namespace, id, {
        resident: (slot) => {
          checkVersion(this.memory.table.version(slot), condition);
          this.memory.delete(slot);
          this.#changes.add({ kind: "delete", id }, room);
        },
        detached: (row) => {
          checkVersion(row.version, condition);
          this.#spilledItems--;
          this.#changes.add({ kind: "delete", id }, room);
        },
      });
    } finally {
      this.#changes.release(room);
    }
    await this.#durable();
  }

  /** Live sessions with their data, the newest first, each as it is when its turn comes. This is no use of them. */
  async *peekAll(namespace: string): AsyncGenerator<SessionText> {
    let next: SessionPosition | null = null;
    do {
      const page: Awaited<ReturnType<SessionPool["list"]>> = await this.list(namespace, next, PEEKED_AT_ONCE);
      for (const { id } of page.views) {
        // The page may be old by now: the version must be that of the data, and what was deleted since is not told.
        const row = await this.#loads.peek(id);
        if (row) yield { view: viewOfRow(row, row.data.length), text: Buffer.from(row.data).toString() };
      }
      next = page.next;
    } while (next !== null);
  }

  /** Live sessions, the newest first; what is in memory is newer than its row. `next` is where the list goes on. */
  async list(
    namespace: string,
    after: SessionPosition | null,
    limit: number,
  ): Promise<{ views: SessionView[]; next: SessionPosition | null }> {
    await this.#changes.flush();
    const nowMs = this.memory.nowMs();
    const query = { after, limit: limit + 1, atMs: nowMs - ROW_GRACE_MS };
    const rows = await this.#options.rows.list(namespace, query);
    const shown = rows.slice(0, limit);
    const views = shown.map((row) => {
      const slot = this.memory.find(row.id);
      return slot < 0 ? viewOfRow(row, row.bytes) : viewOfSlot(this.memory, slot, row.id);
    });
    return {
      views: views.filter((view) => view.expiresAtMs > nowMs),
      next: rows.length > limit ? (shown.at(-1) ?? null) : null,
    };
  }

  async sweep(slicer: Slicer): Promise<number> {
    const removed = await this.memory.sweep(slicer);
    const untilMs = this.memory.nowMs() - ROW_GRACE_MS;
    await this.#changes.flush();
    // While uses cannot be saved, a row may look older than its session is.
    if (this.#changes.failure !== null) return removed;
    const deleted = await this.#options.rows.expire(untilMs, ROWS_PER_SWEEP);
    this.memory.counters.removed("expired", deleted);
    await this.#recount();
    return removed + deleted;
  }

  /** Packs what is idle and saves last uses; runs four times a second. */
  async tick(): Promise<void> {
    if (this.#uses.tick()) void this.#changes.flush();
    if (!this.#options.packing || this.#packing) return;
    this.#packing = true;
    try {
      await this.memory.packIdle(Math.max(16, Math.ceil(this.memory.table.values.unpackedItems / 20)));
    } finally {
      this.#packing = false;
    }
  }

  async #recount(): Promise<void> {
    this.#spilledItems = (await this.#options.rows.count(this.memory.nowMs())) - this.memory.items;
  }

  /** The data with their length, if so much can be kept. */
  #measured(text: string): MeasuredText {
    const bytes = Buffer.byteLength(text);
    if (bytes <= MAX_DATA_BYTES && bytes < this.#options.account.ceilingBytes) return { text, bytes };
    this.memory.counters.reject();
    throw new AppError(
      "item-too-large",
      `The data takes ${bytes} bytes as JSON; the limit is ${MAX_DATA_BYTES} bytes.`,
    );
  }

  /** Runs `change` with room in the queue for `dataBytes`. */
  async #withRoom<Result>(dataBytes: number, change: (room: Room) => Result | Promise<Result>): Promise<Result> {
    const room = await this.#changes.reserve(dataBytes).catch((error: unknown) => {
      this.memory.counters.reject();
      throw error;
    });
    try {
      return await change(room);
    } finally {
      this.#changes.release(room);
    }
  }

  /** Runs a change and acknowledges it when durability allows. Memory that only waits for a commit is waited for. */
  async #acknowledged<Result>(change: () => Promise<Result>): Promise<Result> {
    let result: Result;
    for (let retries = PRESSURE_RETRIES; ; retries--) {
      try {
        result = await change();
        break;
      } catch (error) {
        const short = error instanceof AppError && error.code === "memory-pressure";
        if (!short || retries === 0 || !this.#changes.isWaiting) throw error;
        await this.#changes.flush();
      }
    }
    await this.#durable();
    return result;
  }

  async #durable(): Promise<void> {
    if (this.#durability === "always") await this.#changes.committed();
  }

  #store(id: string, slot: number, data: MeasuredText, condition: Condition | null, room: Room): SessionView {
    checkVersion(this.memory.table.version(slot), condition);
    // Used first, so that it is the last to be pushed out while its new data look for room.
    this.memory.use(slot);
    if (!this.memory.replace(slot, encoded(data))) throw pressure();
    return this.#queue(id, slot, room);
  }

  /** Stores if there is room in the queue just now, and if making it has not pushed out this very session. */
  #storeAtOnce(id: string, slot: number, data: MeasuredText): SessionView {
    this.memory.use(slot);
    const room = this.#changes.tryReserve(data.bytes);
    if (!room) throw pressure();
    try {
      if (this.memory.find(id) !== slot) throw pressure();
      return this.#store(id, slot, data, null, room);
    } finally {
      this.#changes.release(room);
    }
  }

  #queue(id: string, slot: number, room: Room): SessionView {
    const view = viewOfSlot(this.memory, slot, id);
    const { namespace, createdAtMs, lastUsedAtMs, idleTimeoutMs, version } = view;
    this.memory.table.unsavedUses.remove(slot);
    const row = { id, namespace, createdAtMs, lastUsedAtMs, idleTimeoutMs, version, data: null };
    this.#changes.add({ kind: "put", row, dataBytes: view.bytes }, room);
    return view;
  }

  /** Slides the timeout of a session that memory has no room for. @throws {AppError} memory-pressure: what is told must hold. */
  async #useRow(row: SessionRow): Promise<SessionView> {
    const lastUsedAtMs = this.memory.nowMs();
    for (let retries = PRESSURE_RETRIES; !this.#changes.addUse({ kind: "use", id: row.id, lastUsedAtMs }); retries--) {
      if (retries === 0) throw pressure();
      await this.#changes.flush();
    }
    return viewOfRow({ ...row, lastUsedAtMs }, row.data.length);
  }
}

function checkVersion(version: number, condition: Condition | null): void {
  if (condition !== null && !holds(condition, [String(version)]))
    throw new AppError("version-mismatch", `The session is at version ${version}. Read it again, then retry.`);
}

function pressure(): AppError {
  return new AppError("memory-pressure", "Not enough memory for this session right now. Retry later.", {
    headers: { "Retry-After": "1" },
  });
}
