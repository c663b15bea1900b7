import type { MemoryAccount } from "../../../ports/memory-account.ts";
import type { SessionRow } from "../../../ports/session-rows.ts";
import type { StoreCounters } from "../../core/store-counters.ts";
import { expiryOf } from "../session-terms.ts";

/** An entry of the map, the row's object with its numbers and strings, and the data's buffer. */
const ITEM_BYTES = 1_024;

export interface NearSession {
  readonly row: SessionRow;
  readonly bytes: number;
  /** As far as this node knows. */
  lastUsedAtMs: number;
}

/** A read on its way: what comes of it may be kept unless the session has changed meanwhile. */
export interface Filling {
  isStale: boolean;
  readers: number;
}

interface Options {
  account: MemoryAccount;
  counters: StoreCounters;
  maxItems: number;
}

/**
 * Copies of sessions that are kept elsewhere, the ones used last. After every call `items <= maxItems`, and the account has
 * granted all of it. Whoever fills it begins before the read is sent: a change that is heard of while the answer is on its
 * way keeps that answer out.
 */
export class NearSessions {
  readonly #account: MemoryAccount;
  readonly #counters: StoreCounters;
  /** The one used longest ago first. */
  readonly #items = new Map<string, NearSession>();
  readonly #filling = new Map<string, Filling>();
  #maxItems: number;
  #bytes = 0;

  constructor({ account, counters, maxItems }: Options) {
    this.#account = account;
    this.#counters = counters;
    this.#maxItems = maxItems;
  }

  get items(): number {
    return this.#items.size;
  }

  get maxItems(): number {
    return this.#maxItems;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): NearSession | null {
    const item = this.#items.get(key);
    if (item === undefined) return null;
    this.#items.delete(key);
    this.#items.set(key, item);
    return item;
  }

  begin(key: string): Filling {
    const filling = this.#filling.get(key) ?? { isStale: false, readers: 0 };
    filling.readers++;
    this.#filling.set(key, filling);
    return filling;
  }

  /** @param row what was read; null: nothing that could be kept. Its data are copied. */
  end(key: string, filling: Filling, row: SessionRow | null): void {
    filling.readers--;
    if (filling.readers === 0 && this.#filling.get(key) === filling) this.#filling.delete(key);
    if (row !== null && !filling.isStale) this.#keep(key, row);
  }

  /** The session is another one now, or has ended. */
  drop(key: string): void {
    const filling = this.#filling.get(key);
    if (filling !== undefined) {
      filling.isStale = true;
      // Who reads from now on reads what is new.
      this.#filling.delete(key);
    }
    this.#remove(key);
  }

  clear(): void {
    for (const filling of this.#filling.values()) filling.isStale = true;
    this.#filling.clear();
    this.#items.clear();
    this.#account.release(this.#bytes);
    this.#bytes = 0;
  }

  resize(maxItems: number): void {
    this.#maxItems = maxItems;
    while (this.#items.size > maxItems) this.spillOldest();
  }

  /** @returns the bytes that this frees; 0 when nothing is left. */
  spillOldest(): number {
    const oldest = this.#items.keys().next();
    if (oldest.done) return 0;
    this.#counters.removed("spilled");
    return this.#remove(oldest.value);
  }

  /** What would be freed by spilling the oldest until `targetBytes` are. */
  predict(targetBytes: number): { items: number; freedBytes: number } {
    let items = 0;
    let freedBytes = 0;
    for (const { bytes } of this.#items.values()) {
      if (freedBytes >= targetBytes) break;
      items++;
      freedBytes += bytes;
    }
    return { items, freedBytes };
  }

  /** Drops those that are over. */
  expire(nowMs: number): void {
    for (const [key, { row, lastUsedAtMs }] of this.#items) {
      const { idleTimeoutMs, endsAtMs } = row;
      if (expiryOf({ lastUsedAtMs, idleTimeoutMs, endsAtMs }) <= nowMs) this.#remove(key);
    }
  }

  #keep(key: string, row: SessionRow): void {
    this.#remove(key);
    const bytes = ITEM_BYTES + row.data.length + 2 * (row.tags.length + (row.ownId?.length ?? 0));
    if (bytes > this.#account.ceilingBytes) return;
    while (this.#items.size >= this.#maxItems) this.spillOldest();
    while (!this.#account.tryReserve(bytes)) if (this.spillOldest() === 0) return;
    this.#bytes += bytes;
    // A slice of a larger buffer would keep all of that.
    const data = new Uint8Array(row.data);
    const { id, ownId, namespace, createdAtMs, lastUsedAtMs, idleTimeoutMs, endsAtMs, version, tags } = row;
    const kept = { id, ownId, namespace, createdAtMs, lastUsedAtMs, idleTimeoutMs, endsAtMs, version, tags, data };
    this.#items.set(key, { row: kept, bytes, lastUsedAtMs });
  }

  #remove(key: string): number {
    const item = this.#items.get(key);
    if (item === undefined) return 0;
    this.#items.delete(key);
    this.#bytes -= item.bytes;
    this.#account.release(item.bytes);
    return item.bytes;
  }
}
