import type { StoreStats } from "../../contracts/memory.ts";
import type { BoundedStore, ReliefStep, Yielder } from "../../ports/bounded-store.ts";
import type {
  CacheLookup,
  CachePut,
  CacheQuery,
  CacheSelection,
  CacheStore,
  Listed,
  PeekedEntry,
  PutOutcome,
  SortedPage,
  SortedPosition,
} from "../../ports/cache-store.ts";
import type { Amount, QuotaGate } from "../../ports/namespace-quotas.ts";
import type { Condition } from "../../shared/condition.ts";
import { BoundedEntries } from "../cache/bounded-entries.ts";
import { FairEviction } from "../cache/fair-eviction.ts";
import { BudgetAccount } from "../core/budget-account.ts";
import { Owners } from "../core/owners.ts";
import { BackgroundCompressor } from "./background-compressor.ts";
import { BodyArena } from "./body-arena.ts";
import { CacheLookups } from "./cache-lookups.ts";
import { requireQuota, withinQuota } from "./cache-quota.ts";
import { examine, requireCondition } from "./cache-refusals.ts";
import { createRelief } from "./cache-relief.ts";
import { cacheStats } from "./cache-stats.ts";
import {
  type CachedResponse,
  frameBytes,
  type HeldCopy,
  type NewResponse,
  ownText,
  ownTexts,
} from "./cached-response.ts";
import { FillLeases, fillBytes } from "./fill-leases.ts";
import { Inflations } from "./inflations.ts";
import { fullKey, type ListPage, NamespaceScan, namespaceOf } from "./namespace-scan.ts";
import type { CacheBounds, ResponseCacheOptions } from "./response-cache-options.ts";
import { StoredResponses } from "./stored-responses.ts";
import { TimeToLive } from "./time-to-live.ts";

/**
 * Cached responses. After every call at most `maxItems` entries and `maxBytes` bytes are held, bodies, keys, index, leases and
 * waiters together, all of it granted by the account before it was taken. Bodies are held as the bytes that will be sent.
 */
export class ResponseCache implements CacheStore, BoundedStore {
  readonly name = "cache";
  readonly component = "cache";
  readonly relief: readonly ReliefStep[];
  readonly #options: ResponseCacheOptions;
  /** Of entries and bodies; leases have the rest of `maxBytes`. */
  readonly #budget: BudgetAccount;
  readonly #entries: BoundedEntries<CachedResponse>;
  readonly #owners = new Owners();
  readonly #bodies: BodyArena;
  readonly #leases: FillLeases;
  readonly #inflations: Inflations;
  readonly #compressor: BackgroundCompressor;
  readonly #lookups: CacheLookups;
  readonly #scan: NamespaceScan;
  readonly #stored: StoredResponses;
  #maxBytes: number;
  readonly #ttl: TimeToLive;
  #maxBodyBytes: number;
  #sequence = 0;

  constructor(options: ResponseCacheOptions) {
    const { clock, account, maxItems, maxBytes, policy } = options;
    this.#options = options;
    this.#maxBytes = maxBytes;
    this.#ttl = new TimeToLive(options);
    this.#maxBodyBytes = options.maxBodyBytes;
    this.#inflations = new Inflations(options.decoders);
    this.#leases = new FillLeases({ clock, account, namespaceOf, maxBytes: fillBytes(maxBytes) });
    this.#budget = new BudgetAccount(account, maxBytes - fillBytes(maxBytes));
    this.#entries = new BoundedEntries({
      maxItems,
      maxBytes: this.#budget.ceilingBytes,
      policy,
      clock,
      account: this.#budget,
      fair: new FairEviction(this.#owners, ({ owner }) => owner),
      onRemoved: ({ body }) => {
        this.#bodies.release(body);
        if (body.holders === 0) this.#compressor.forget(body);
      },
    });
    this.#bodies = new BodyArena(this.#budget, this.#owners, (ask) => this.#entries.evictOne(ask) > 0);
    this.#compressor = new BackgroundCompressor({
      bodies: this.#bodies,
      clock,
      maxQueued: 1024,
      encoding: () => this.#lookups.wantedEncoding,
    });
    this.#lookups = new CacheLookups({
      clock,
      entries: this.#entries,
      bodies: this.#bodies,
      leases: this.#leases,
      inflations: this.#inflations,
    });
    this.#scan = new NamespaceScan({
      clock,
      createYielder: options.createYielder,
      entries: this.#entries,
      leases: this.#leases,
      lastSequence: () => this.#sequence,
    });
    this.#stored = new StoredResponses({
      clock,
      entries: this.#entries,
      bodies: this.#bodies,
      budget: this.#budget,
      compressor: this.#compressor,
      owners: this.#owners,
      compression: options.compression ?? true,
    });
    this.relief = createRelief({
      entries: this.#entries,
      bodies: this.#bodies,
      compressor: this.#compressor,
      canCompress: (entry) => this.#stored.canCompress(entry),
      grantedBytes: () => this.#budget.grantedBytes,
    });
  }

  lookup(query: CacheQuery): Promise<CacheLookup> {
    return this.#lookups.lookup(query);
  }

  async put(put: CachePut): Promise<PutOutcome> {
    const key = fullKey(put.namespace, put.key);
    if (put.accepts) this.#lookups.learnTaker(put.accepts);
    this.#leases.require(key, put.lease);
    requireCondition(put.condition, this.#entries.view.peek(key));
    const { maxAgeMs, staleMs = 0 } = put;
    // Zero time to live: nothing is stored, what was there goes, and whoever waits computes for itself.
    if (maxAgeMs === 0 && staleMs === 0) {
      this.#entries.delete(key);
      this.#leases.fulfil(key);
      return "not-kept";
    }
    const { mediaType, tags, meta } = ownTexts(put);
    const frame = frameBytes(key, mediaType, tags, meta);
    this.#stored.requireSize({ frame, bodyBytes: put.body.byteLength });
    const form = await examine(put, this.#maxBodyBytes, this.#inflations);
    const { body: bytes, namespace } = put;
    const made = { key: ownText(key), mediaType, tags, meta, namespace, form, bytes, frame, staleMs };
    const gate = this.#options.quotas?.of(namespace) ?? null;
    return gate === null ? this.#keep(put, made, gate) : withinQuota(gate, async () => this.#keep(put, made, gate));
  }

  /** What a namespace holds. */
  held(namespace: string): Amount {
    const { items, bytes } = this.#owners.of(namespace);
    return { items, bytes };
  }

  async delete(namespace: string, key: string, lease?: string, condition?: Condition | null): Promise<boolean> {
    const full = fullKey(namespace, key);
    const entry = this.#entries.view.peek(full);
    // What is not there is 404, whatever is asked of it (RFC 9110, 13.2.1).
    if (entry) requireCondition(condition, entry);
    if (lease !== undefined) {
      this.#leases.require(full, lease);
      this.#leases.passOn(full);
      return true;
    }
    const removed = this.#entries.delete(full);
    // Whoever fills now read what has just been declared old: its value must not land.
    this.#leases.passOn(full);
    return removed;
  }

  peek(namespace: string, key: string): Promise<PeekedEntry | null> {
    return this.#lookups.peek(namespace, key);
  }

  purge(namespace: string, which: CacheSelection): Promise<number> {
    return this.#scan.purge(namespace, which);
  }

  markStale(namespace: string, which: CacheSelection): Promise<number> {
    return this.#scan.markStale(namespace, which);
  }

  measure(namespace: string, which: CacheSelection): Promise<{ count: number; bytes: number }> {
    return this.#scan.measure(namespace, which);
  }

  async list(namespace: string, page: ListPage): Promise<Listed<number>> {
    return this.#scan.list(namespace, page);
  }

  listSorted(namespace: string, page: SortedPage): Promise<Listed<SortedPosition>> {
    return this.#scan.listSorted(namespace, page);
  }

  stats(): StoreStats {
    return cacheStats(this.#entries, { bytes: this.bytes, maxBytes: this.#maxBytes, ttlMs: this.#ttl.ms });
  }

  get bytes(): number {
    return this.#budget.grantedBytes + this.#leases.bytes;
  }

  get leases(): FillLeases {
    return this.#leases;
  }

  /** Looks at what is held here, and asks nobody else. */
  get lookups(): CacheLookups {
    return this.#lookups;
  }

  /**
   * Holds a copy of a response that is kept elsewhere, in the form in which it is there. It is no put: conditions, leases and
   * quotas are of the place where it is kept. What cannot be held is not, and neither is what was there under its key.
   */
  hold(copy: HeldCopy): void {
    this.#sequence = Math.max(this.#sequence, copy.version);
    this.#stored.hold(copy);
  }

  /** Drops a copy that is older than `version`. */
  forget(namespace: string, key: string, version: number): void {
    const full = fullKey(namespace, key);
    const held = this.#entries.view.peek(full);
    if (held !== undefined && held.sequence < version) this.#entries.delete(full);
  }

  /** Drops all that was held when it began, in slices. */
  clear(): Promise<void> {
    return this.#scan.clear();
  }

  async sweep(yielder: Yielder): Promise<number> {
    return (await this.#entries.sweep(yielder)).items;
  }

  /** @throws {RangeError} when the index of so many entries does not fit: of the bounds the lower ones hold then. */
  resize({ maxItems, maxBytes = this.#maxBytes, ttlMs, ttlJitter, policy, maxBodyBytes }: CacheBounds): void {
    const ceilingBytes = maxBytes - fillBytes(maxBytes);
    const before = this.#budget.ceilingBytes;
    this.#budget.ceilingBytes = Math.max(before, ceilingBytes);
    this.#ttl.change({ ttlMs, ttlJitter });
    this.#maxBodyBytes = maxBodyBytes ?? this.#maxBodyBytes;
    try {
      this.#entries.resize({
        maxBytes: ceilingBytes,
        ...(maxItems === undefined ? {} : { maxItems }),
        ...(policy === undefined ? {} : { policy }),
      });
    } catch (error) {
      if (ceilingBytes < before) this.#setMaxBytes(maxBytes);
      else this.#budget.ceilingBytes = before;
      throw error;
    }
    this.#setMaxBytes(maxBytes);
  }

  #setMaxBytes(maxBytes: number): void {
    const ceilingBytes = maxBytes - fillBytes(maxBytes);
    this.#budget.ceilingBytes = ceilingBytes;
    this.#stored.freeUntil(() => this.#budget.grantedBytes <= ceilingBytes);
    this.#leases.resize(fillBytes(maxBytes));
    this.#maxBytes = maxBytes;
  }

  /** Compresses every body that waits for it. */
  settle(): Promise<void> {
    return this.#compressor.settle();
  }

  close(): void {
    this.#compressor.close();
    this.#leases.endAll();
    this.#entries.close();
  }

  /** Nothing happens between the last look at what is there and the change. */
  #keep(put: CachePut, made: NewResponse, gate: QuotaGate | null): "added" | "replaced" {
    const { key, bytes, frame } = made;
    const before = this.#entries.view.peek(key);
    // The lease may have run out, or gone to another, meanwhile.
    this.#leases.require(key, put.lease);
    requireCondition(put.condition, before);
    this.#stored.requireMemory(made);
    if (gate !== null) requireQuota(gate, key, frame + bytes.byteLength, before);
    const storedAtMs = this.#options.clock.monotonicMs();
    this.#stored.store(made, { storedAtMs, freshMs: this.#ttl.of(put.maxAgeMs), sequence: ++this.#sequence });
    this.#leases.fulfil(key);
    // The entry that it replaces may have been evicted to make room for it.
    return before === undefined ? "added" : "replaced";
  }
}
