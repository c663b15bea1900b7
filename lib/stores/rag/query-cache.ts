import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { Clock } from "../../shared/clock.ts";
import { StoreCounters } from "../core/store-counters.ts";

export interface QueryCacheBounds {
  maxItems: number;
  maxBytes: number;
  ttlMs: number;
}

/** A look-up under way: a write to its namespace makes its answer stale before it is there. */
export interface PendingAnswer {
  readonly namespace: string;
  isStale: boolean;
}

interface Entry {
  namespace: string;
  answer: Buffer;
  bytes: number;
  expiresAtMs: number;
}

/** What an entry costs beside its key and answer: the map's slot, the object, the buffer's header. */
const OVERHEAD_BYTES = 320;

/**
 * Answers to questions, kept as the JSON that is sent. Keys are exact: the normalised question and every parameter.
 * After every call `items <= maxItems` and `bytes <= maxBytes`; an answer too large is not kept; the least lately used goes
 * first. A write to a namespace drops its answers, and those that were being computed when it came are not kept either.
 */
export class QueryCache {
  readonly #account: MemoryAccount;
  readonly #clock: Clock;
  #bounds: QueryCacheBounds;
  /** Least lately used first; a hundred entries, so that walking deleted slots costs nothing. */
  readonly #entries = new Map<string, Entry>();
  /** Look-ups whose answer is being computed now. */
  readonly #pending = new Set<PendingAnswer>();
  #bytes = 0;
  readonly counters: StoreCounters;

  constructor(bounds: QueryCacheBounds, account: MemoryAccount, clock: Clock) {
    this.#bounds = bounds;
    this.#account = account;
    this.#clock = clock;
    this.counters = new StoreCounters(clock);
  }

  get items(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get bounds(): QueryCacheBounds {
    return this.#bounds;
  }

  /** Called before the data is read; handed to `set`, and to `end` in any case. */
  begin(namespace: string): PendingAnswer {
    const pending: PendingAnswer = { namespace, isStale: false };
    this.#pending.add(pending);
    return pending;
  }

  end(pending: PendingAnswer): void {
    this.#pending.delete(pending);
  }

  get(key: string): Buffer | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.expiresAtMs <= this.#clock.monotonicMs()) {
      this.#remove(key, entry);
      this.counters.removed("expired");
    } else if (entry !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      this.counters.hit();
      return entry.answer;
    }
    this.counters.miss();
    return undefined;
  }

  /** The answer under a key found by other means than the question itself; a hit if there is one, else no miss. */
  peek(key: string): Buffer | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expiresAtMs <= this.#clock.monotonicMs()) return undefined;
    this.counters.hit();
    return entry.answer;
  }

  /** @returns false when the answer was not kept: too large, or older than a write. */
  set(pending: PendingAnswer, key: string, answer: Buffer): boolean {
    const before = this.#entries.get(key);
    if (before !== undefined) {
      this.#remove(key, before);
      this.counters.removed("replaced");
    }
    const bytes = key.length * 2 + answer.length + OVERHEAD_BYTES;
    if (pending.isStale || bytes > this.#bounds.maxBytes || this.#bounds.maxItems < 1) {
      this.counters.reject();
      return false;
    }
    this.#makeRoom(bytes);
    if (!this.#account.tryReserve(bytes)) {
      this.counters.reject();
      return false;
    }
    const expiresAtMs = this.#clock.monotonicMs() + this.#bounds.ttlMs;
    this.#entries.set(key, { namespace: pending.namespace, answer, bytes, expiresAtMs });
    this.#bytes += bytes;
    return true;
  }

  /** A document of the namespace was written or removed: any ranking in it may have changed. */
  invalidate(namespace: string): number {
    for (const pending of this.#pending) if (pending.namespace === namespace) pending.isStale = true;
    let removed = 0;
    for (const [key, entry] of this.#entries) {
      if (entry.namespace !== namespace) continue;
      this.#remove(key, entry);
      removed++;
    }
    this.counters.removed("deleted", removed);
    return removed;
  }

  sweep(): number {
    let removed = 0;
    const now = this.#clock.monotonicMs();
    for (const [key, entry] of this.#entries) {
      if (entry.expiresAtMs > now) continue;
      this.#remove(key, entry);
      removed++;
    }
    this.counters.removed("expired", removed);
    return removed;
  }

  predictExpiry(): { items: number; freedBytes: number } {
    const now = this.#clock.monotonicMs();
    const expired = [...this.#entries.values()].filter(({ expiresAtMs }) => expiresAtMs <= now);
    return { items: expired.length, freedBytes: expired.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  predictEviction(targetBytes: number): { items: number; freedBytes: number } {
    let items = 0;
    let freedBytes = 0;
    for (const entry of this.#entries.values()) {
      if (freedBytes >= targetBytes) break;
      items++;
      freedBytes += entry.bytes;
    }
    return { items, freedBytes };
  }

  evict(targetBytes: number): { items: number; freedBytes: number } {
    const { items, freedBytes } = this.predictEviction(targetBytes);
    for (let left = items; left > 0; left--) this.#evictOldest();
    return { items, freedBytes };
  }

  resize(bounds: Partial<QueryCacheBounds>): void {
    this.#bounds = { ...this.#bounds, ...bounds };
    this.#makeRoom(0, 0);
  }

  #makeRoom(bytes: number, items = 1): void {
    while (this.#entries.size + items > this.#bounds.maxItems || this.#bytes + bytes > this.#bounds.maxBytes) {
      if (!this.#evictOldest()) return;
    }
  }

  #evictOldest(): boolean {
    for (const [key, entry] of this.#entries) {
      this.#remove(key, entry);
      this.counters.removed("evicted");
      return true;
    }
    return false;
  }

  #remove(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
    this.#account.release(entry.bytes);
  }
}
