import type { StoreStats } from "../../contracts/memory.ts";
import type { Yielder } from "../../ports/bounded-store.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { SessionEnd } from "../../ports/session-rows.ts";
import type { SessionFields } from "../../ports/session-store.ts";
import type { Clock } from "../../shared/clock.ts";
import { CoarseClock } from "../core/coarse-clock.ts";
import { StoreCounters } from "../core/store-counters.ts";
import { PackingPace } from "./packing-pace.ts";
import { SessionTable } from "./session-table.ts";
import type { Departures } from "./spilled-sessions.ts";
import type { ResidentSessions } from "./write-queue.ts";

/** Of what the texts come to, this part may be kept ready to use as well. */
const HOT_PART = 0.1;
/** What a Buffer costs beside its bytes. */
const BUFFER_BYTES = 128;

export interface SessionMemoryOptions {
  account: MemoryAccount;
  clock: Clock;
  maxItems: number;
  /** The idle timeout of a session that states none; for the statistics. */
  idleTimeoutMs: number;
  hotTier: boolean;
  departures: Departures;
}

/**
 * The sessions in memory: at most `maxItems`, in at most what the account grants, both after every call. A new one pushes out
 * the one used longest ago. Times are milliseconds that no clock change moves: wall-clock time at the start plus what the
 * monotonic clock counted since.
 */
export class SessionMemory implements ResidentSessions {
  readonly counters: StoreCounters;
  readonly table: SessionTable;
  readonly #pace = new PackingPace();
  readonly #options: SessionMemoryOptions;
  readonly #clock: CoarseClock;
  readonly #anchorMs: number;
  #maxItems: number;
  #idleTimeoutMs: number;
  /** The session that is being written, or -1: making room for it must not push it out. */
  #writing = -1;

  constructor(options: SessionMemoryOptions) {
    this.#options = options;
    this.#maxItems = options.maxItems;
    this.#idleTimeoutMs = options.idleTimeoutMs;
    this.#anchorMs = options.clock.nowMs() - options.clock.monotonicMs();
    this.#clock = new CoarseClock(options.clock);
    this.counters = new StoreCounters(this.#clock);
    this.table = new SessionTable(options.account);
  }

  get items(): number {
    return this.table.items;
  }

  get idleTimeoutMs(): number {
    return this.#idleTimeoutMs;
  }

  /** What sessions in memory hold, as charged to the account; changes on their way to the database come on top. */
  get heldBytes(): number {
    return this.table.bytes + this.table.values.reservedBytes + this.table.hot.heldBytes + this.table.tags.heldBytes;
  }

  /** Now, on the pool's own time line. */
  nowMs(): number {
    return Math.floor(this.#anchorMs + this.#clock.monotonicMs());
  }

  /** The session's slot, or -1: unknown here, or just found expired. */
  find(id: string): number {
    const slot = this.table.ids.find(id);
    if (slot < 0 || !this.isExpired(slot)) return slot;
    this.expire(slot);
    return -1;
  }

  isExpired(slot: number): boolean {
    return this.table.expiresAtMs(slot) <= this.nowMs();
  }

  /** Takes a session in, pushing out others as needed. -1 when the account grants too little even for it alone, or none may go. */
  insert(id: string, fields: SessionFields, raw: Uint8Array): number {
    while (this.items >= this.#maxItems) if (!this.trySpill(this.table.recency.oldest)) return -1;
    do {
      const slot = this.table.take();
      if (slot >= 0 && this.table.tags.hold(slot, fields.tags) && this.table.values.set(slot, raw)) {
        this.table.fill(slot, id, fields);
        return slot;
      }
      if (slot < 0) continue;
      this.table.tags.clear(slot);
      this.table.untake(slot);
    } while (this.makeRoom());
    return -1;
  }

  /** Gives the session new data. False when the account grants too little: the old data stay. */
  replace(slot: number, raw: Uint8Array): boolean {
    const wasPacked = this.table.values.isPacked(slot);
    this.#writing = slot;
    try {
      while (!this.table.values.set(slot, raw)) if (!this.makeRoom()) return false;
    } finally {
      this.#writing = -1;
    }
    if (wasPacked) this.#pace.wantedAgain();
    this.table.hot.drop(slot);
    this.table.bumpVersion(slot);
    this.counters.removed("replaced");
    return true;
  }

  /** Pays for tags that the session is to get, which may push others out. False when the account grants too little. */
  holdTags(slot: number, tags: string): boolean {
    this.#writing = slot;
    try {
      while (!this.table.tags.hold(slot, tags)) if (!this.makeRoom()) return false;
    } finally {
      this.#writing = -1;
    }
    return true;
  }

  /** The session's data as JSON in UTF-8. Valid only until the next change of any session, so never across an `await`. */
  bytes(slot: number): Uint8Array {
    const { hot, values } = this.table;
    // What is not packed is as quick to read where it lies.
    if (!values.isPacked(slot)) return values.bytes(slot);
    const ready = hot.get(slot);
    if (ready !== undefined) return ready;
    const bytes = values.bytes(slot);
    this.#pace.wantedAgain();
    // In use again: as it was, until it rests again. Inflating it at each read would cost as much as answering does.
    const isReady = this.#pace.isPatient(values.unpackedBytes + bytes.length) && values.set(slot, bytes);
    if (!isReady && this.#options.hotTier)
      hot.offer(slot, bytes, BUFFER_BYTES + bytes.length, Math.floor(values.rawBytes * HOT_PART));
    return bytes;
  }

  /** The same by id, whatever its time and without counting as a use; null when it is not in memory. */
  dataOf(id: string): Uint8Array | null {
    const slot = this.table.ids.find(id);
    return slot < 0 ? null : this.table.values.bytes(slot);
  }

  /** The session's data as JSON text. */
  text(slot: number): string {
    return Buffer.from(this.bytes(slot)).toString(this.table.values.encoding(slot));
  }

  /** Slides the session's timeout. */
  use(slot: number): void {
    this.table.use(slot, this.nowMs());
    // In order of waiting: one that waits already keeps its place.
    if (!this.table.unsavedUses.has(slot)) this.table.unsavedUses.touch(slot);
  }

  delete(slot: number): void {
    this.table.clear(slot);
    this.counters.removed("deleted");
  }

  expire(slot: number): void {
    const id = this.table.ids.idOf(slot);
    const end = this.endOf(slot, this.table.expiresAtMs(slot));
    this.table.clear(slot);
    this.counters.removed("expired");
    this.#options.departures.expired(id, end);
  }

  /** What is remembered of the session when it ends. */
  endOf(slot: number, endedAtMs: number): SessionEnd | null {
    return this.table.isOwn(slot) ? { namespace: this.table.namespace(slot), endedAtMs } : null;
  }

  /** Pushes out the session used longest ago; nothing is lost. */
  spillOldest(): void {
    this.#spill(this.table.recency.oldest);
  }

  /** Pushes a session out, unless its last use is not saved and could not be kept: false. */
  trySpill(slot: number): boolean {
    if (slot < 0 || (this.table.unsavedUses.has(slot) && !this.#options.departures.canKeepUse)) return false;
    this.#spill(slot);
    return true;
  }

  async sweep(yielder: Yielder): Promise<number> {
    let removed = 0;
    for (let slot = 0; slot < this.table.top; slot++) {
      if (yielder.spent) await yielder.yield();
      if (!this.table.recency.has(slot) || !this.isExpired(slot)) continue;
      this.expire(slot);
      removed++;
    }
    return removed;
  }

  /**
   * Packs what has not been used for `idleMs` (unless said: for as long as pays), looking at `most` values at most; returns
   * how many it looked at.
   */
  async packIdle(most: number, idleMs?: number): Promise<number> {
    const { values } = this.table;
    // One round at most: what is in use goes to the end of the row, and must not be met there again.
    const turns = Math.min(most, values.unpackedItems);
    let looked = 0;
    for (; looked < turns; looked++) {
      const slot = values.oldestUnpacked;
      if (slot < 0) break;
      const restMs = idleMs ?? this.#pace.idleMs(values.unpackedBytes);
      if (this.table.lastUsedAtMs(slot) + restMs > this.nowMs()) values.postpone(slot);
      else if ((await values.pack(slot)) > 0) this.#pace.packed();
    }
    return looked;
  }

  resize(bounds: { maxItems?: number; maxBytes?: number; ttlMs?: number }): void {
    this.#maxItems = bounds.maxItems ?? this.#maxItems;
    this.#idleTimeoutMs = bounds.ttlMs ?? this.#idleTimeoutMs;
    while (this.items > this.#maxItems) this.spillOldest();
    const { account } = this.#options;
    const maxBytes = Math.min(bounds.maxBytes ?? account.ceilingBytes, account.ceilingBytes);
    while (account.grantedBytes > maxBytes && (this.items > 0 || this.table.values.reclaimableBytes() > 0)) {
      if (this.table.values.compact() === 0) this.spillOldest();
    }
  }

  stats(): StoreStats {
    return {
      store: "sessions",
      items: this.items,
      maxItems: this.#maxItems,
      bytes: this.#options.account.grantedBytes,
      maxBytes: this.#options.account.ceilingBytes,
      spilledItems: this.#options.departures.spilledItems,
      ttlSeconds: this.#idleTimeoutMs / 1000,
      policy: "lru",
      ...this.counters.snapshot(),
    };
  }

  /**
   * Frees something, dearest last: copies of what is held anyway, then the session used longest ago. One that leaves may queue its
   * last use, and so come back here for room.
   */
  makeRoom(): boolean {
    const { hot, recency, values } = this.table;
    if (hot.items > 0) {
      hot.shrinkTo(0);
      return true;
    }
    if (values.shedSamples()) return true;
    const oldest = recency.oldest === this.#writing ? recency.newerThan(this.#writing) : recency.oldest;
    if (oldest >= 0) return this.trySpill(oldest);
    // Alone and still refused: pages that stand empty behind other slabs' ends are the last resort.
    return values.compact() > 0;
  }

  #spill(slot: number): void {
    const id = this.table.ids.idOf(slot);
    const lastUsedAtMs = this.table.lastUsedAtMs(slot);
    const useIsSaved = !this.table.unsavedUses.has(slot);
    this.#options.departures.leaving(id);
    this.table.clear(slot);
    this.counters.removed("spilled");
    this.#options.departures.left(id, lastUsedAtMs, useIsSaved);
  }
}
