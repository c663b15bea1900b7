import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { Clock } from "../../shared/clock.ts";
import { BoundedEntries } from "../cache/bounded-entries.ts";
import { FairEviction } from "../cache/fair-eviction.ts";
import { type Owner, Owners } from "../core/owners.ts";
import type { StoreCounters } from "../core/store-counters.ts";

export interface QueryCacheBounds {
  maxItems: number;
  /** Of keys, answers and the index. */
  maxBytes: number;
  ttlMs: number;
}

/** A look-up under way: a write to its namespace makes its answer stale before it is there. */
export interface PendingAnswer {
  readonly namespace: string;
  isStale: boolean;
}

interface Entry {
  owner: Owner;
  answer: Buffer;
}

/** What an entry costs beside its key, its answer and the index: the object and the buffer's header. */
const OVERHEAD_BYTES = 320;

/**
 * Answers to questions, kept as the JSON that is sent. Keys are exact: the normalised question and every parameter.
 * After every call `items <= maxItems` and `bytes <= maxBytes`; an answer too large is not kept; the least lately used goes
 * first, of a namespace beyond its share. A write to a namespace drops its answers, and those that were being computed when it came are not kept either.
 */
export class QueryCache {
  readonly entries: BoundedEntries<Entry>;
  readonly #owners = new Owners();
  #ttlMs: number;
  /** Look-ups whose answer is being computed now. */
  readonly #pending = new Set<PendingAnswer>();

  /** @throws {RangeError} when the account does not grant the index. */
  constructor({ maxItems, maxBytes, ttlMs }: QueryCacheBounds, account: MemoryAccount, clock: Clock) {
    this.#ttlMs = ttlMs;
    const fair = new FairEviction<Entry>(this.#owners, ({ owner }) => owner);
    this.entries = new BoundedEntries({ maxItems, maxBytes, policy: "lru", clock, account, fair });
  }

  get items(): number {
    return this.entries.items;
  }

  get bytes(): number {
    return this.entries.bytes;
  }

  get bounds(): QueryCacheBounds {
    return { maxItems: this.entries.maxItems, maxBytes: this.entries.maxBytes, ttlMs: this.#ttlMs };
  }

  get counters(): StoreCounters {
    return this.entries.counters;
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
    return this.entries.get(key)?.answer;
  }

  /** The answer under a key found by other means than the question itself; a hit if there is one, else no miss. */
  peek(key: string): Buffer | undefined {
    return this.entries.view.peek(key) && this.get(key);
  }

  /** @returns false when the answer was not kept: too large, or older than a write. No other is kept for it then. */
  set(pending: PendingAnswer, key: string, answer: Buffer): boolean {
    const { namespace, isStale } = pending;
    const bytes = key.length * 2 + answer.length + OVERHEAD_BYTES;
    const outcome = isStale
      ? "stale"
      : this.entries.set(key, { owner: this.#owners.of(namespace), answer }, bytes, this.#ttlMs);
    if (outcome === "added" || outcome === "replaced") return true;
    if (outcome === "stale") this.counters.reject();
    this.entries.delete(key);
    return false;
  }

  /** A document of the namespace was written or removed: any ranking in it may have changed. */
  invalidate(namespace: string): number {
    for (const pending of this.#pending) if (pending.namespace === namespace) pending.isStale = true;
    let removed = 0;
    for (const { key, value } of this.entries.view.entries())
      if (value.owner.name === namespace && this.entries.delete(key)) removed++;
    return removed;
  }

  /** @throws {RangeError} when the account does not grant the index of so many: the lower bounds hold then. */
  resize({ ttlMs, ...bounds }: Partial<QueryCacheBounds>): void {
    this.#ttlMs = ttlMs ?? this.#ttlMs;
    this.entries.resize(bounds);
  }
}
