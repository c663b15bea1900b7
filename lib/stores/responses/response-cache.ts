import type { StoreStats } from "../../contracts/memory.ts";
import type { BoundedStore, ReliefStep, Yielder } from "../../ports/bounded-store.ts";
import type {
  CachedEntry,
  CacheLookup,
  CachePut,
  CacheQuery,
  CacheStore,
  PeekedEntry,
} from "../../ports/cache-store.ts";
import type { Condition } from "../../shared/condition.ts";
import { AppError } from "../../shared/errors.ts";
import { BoundedEntries } from "../cache/bounded-entries.ts";
import { FairEviction } from "../cache/fair-eviction.ts";
import { BudgetAccount } from "../core/budget-account.ts";
import { type Ask, Owners } from "../core/owners.ts";
import { BackgroundCompressor } from "./background-compressor.ts";
import { BodyArena } from "./body-arena.ts";
import { CacheLookups } from "./cache-lookups.ts";
import { examine, itemTooLarge, memoryPressure, requireCondition } from "./cache-refusals.ts";
import { createRelief } from "./cache-relief.ts";
import { type CachedResponse, frameBytes, type NewResponse, ownText } from "./cached-response.ts";
import { isWorthCompressing } from "./encodings.ts";
import { FillLeases, fillBytes } from "./fill-leases.ts";
import { Inflations } from "./inflations.ts";
import { fullKey, type ListPage, NamespaceScan, namespaceOf } from "./namespace-scan.ts";
import type { CacheBounds, ResponseCacheOptions } from "./response-cache-options.ts";
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
    this.#scan = new NamespaceScan({ entries: this.#entries, clock, createYielder: options.createYielder });
    this.relief = createRelief({
      entries: this.#entries,
      bodies: this.#bodies,
      compressor: this.#compressor,
      canCompress: (entry) => this.#canCompress(entry),
      grantedBytes: () => this.#budget.grantedBytes,
    });
  }

  lookup(query: CacheQuery): Promise<CacheLookup> {
    return this.#lookups.lookup(query);
  }

  async put(put: CachePut): Promise<"added" | "replaced"> {
    const key = fullKey(put.namespace, put.key);
    if (put.accepts) this.#lookups.learnTaker(put.accepts);
    this.#requireLease(key, put.lease);
    requireCondition(put.condition, this.#entries.peek(key));
    if (put.maxAgeMs === 0) return this.#putNothing(key);
    const mediaType = ownText(put.mediaType);
    const tags = [...new Set(put.tags)].map(ownText);
    const frame = frameBytes(key, mediaType, tags);
    const mostBytes = frame + BodyArena.mostBytesFor(put.body.byteLength);
    // Refused by its length before anything is inflated or released.
    if (mostBytes > this.#budget.ceilingBytes - this.#entries.indexBytes) throw this.#tooLarge();
    const form = await examine(put, this.#maxBodyBytes, this.#inflations);
    // The lease may have run out, or gone to another, meanwhile.
    this.#requireLease(key, put.lease);
    requireCondition(put.condition, this.#entries.peek(key));
    const heldBytes = this.#budget.grantedBytes - this.#entries.indexBytes;
    if (!this.#budget.couldReserve(mostBytes - heldBytes)) throw this.#noMemory();
    const owner = this.#owners.of(ownText(put.namespace));
    const { body: bytes, maxAgeMs } = put;
    return this.#store({ key: ownText(key), mediaType, tags, owner, form, bytes, frame, maxAgeMs });
  }

  async delete(namespace: string, key: string, lease?: string, condition?: Condition | null): Promise<boolean> {
    const full = fullKey(namespace, key);
    const entry = this.#entries.peek(full);
    // What is not there is 404, whatever is asked of it (RFC 9110, 13.2.1).
    if (entry) requireCondition(condition, entry);
    if (lease !== undefined) {
      this.#requireLease(full, lease);
      this.#leases.passOn(full);
      return true;
    }
    const removed = this.#entries.delete(full);
    // Whoever fills now read what has just been declared old: its value must not land.
    this.#leases.passOn(full);
    return removed;
  }

  async peek(namespace: string, key: string): Promise<PeekedEntry | null> {
    const full = fullKey(namespace, key);
    const entry = this.#entries.peek(full);
    const ttlLeftMs = entry ? this.#entries.ttlLeftMs(full) : 0;
    if (!entry || ttlLeftMs <= 0) return null;
    const { mediaType, tags } = entry;
    const { bytes } = await this.#bodies.represent(entry.body, [], this.#inflations);
    return { mediaType, tags, ttlLeftMs, body: bytes };
  }

  purge(namespace: string, which: { tag?: string; prefix?: string }): Promise<number> {
    this.#leases.passOnAll((key) => key.startsWith(fullKey(namespace, which.prefix ?? "")));
    return this.#scan.purge(namespace, which, this.#sequence);
  }

  async list(namespace: string, page: ListPage): Promise<{ items: CachedEntry[]; next: number | null }> {
    return this.#scan.list(namespace, page);
  }

  stats(): StoreStats {
    const { items, maxItems, counters } = this.#entries;
    return {
      store: this.name,
      items,
      maxItems,
      bytes: this.bytes,
      maxBytes: this.#maxBytes,
      ...counters.snapshot(),
      spilledItems: 0,
      ttlSeconds: this.#ttl.ms / 1000,
      policy: this.policy,
    };
  }

  /** `auto (s3-fifo)` tells what `auto` follows now. */
  get policy(): string {
    const { policySetting, policyName } = this.#entries;
    return policySetting === "auto" ? `auto (${policyName})` : policySetting;
  }

  get bytes(): number {
    return this.#budget.grantedBytes + this.#leases.bytes;
  }

  get leases(): Pick<FillLeases, "leases" | "waiters"> {
    return this.#leases;
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
    this.#freeUntil(() => this.#budget.grantedBytes <= ceilingBytes);
    this.#leases.resize(fillBytes(maxBytes));
    this.#maxBytes = maxBytes;
  }

  /** Compresses every body that waits for it. */
  settle(): Promise<void> {
    return this.#compressor.settle();
  }

  close(): void {
    this.#compressor.close();
    this.#leases.close();
    this.#entries.close();
  }

  #store({ key, mediaType, tags, owner, form, bytes, frame, maxAgeMs }: NewResponse): "added" | "replaced" {
    const wasThere = this.#entries.peek(key) !== undefined;
    this.#budget.holdSpare();
    try {
      const body = this.#bodies.hold(bytes, form, owner);
      if (!body) throw this.#noMemory();
      this.#freeUntil(() => this.#budget.hasRoom(frame), { owner, measure: "bytes", more: frame });
      this.#sequence += 1;
      const storedAtMs = this.#options.clock.monotonicMs();
      const entry: CachedResponse = { body, mediaType, tags, owner, storedAtMs, sequence: this.#sequence, hits: 0 };
      const outcome = this.#entries.set(key, entry, frame, this.#ttl.of(maxAgeMs));
      if (outcome === "too-large" || outcome === "no-memory") {
        this.#bodies.release(body);
        throw outcome === "too-large" ? itemTooLarge() : memoryPressure();
      }
      if (this.#canCompress(entry)) this.#compressor.add(body);
    } finally {
      this.#budget.releaseSpare();
    }
    this.#leases.fulfil(key);
    // The entry that it replaces may have been evicted to make room for it.
    return wasThere ? "replaced" : "added";
  }

  /** Zero time to live: nothing is stored, what was there goes, and whoever waits computes for itself. */
  #putNothing(key: string): "added" | "replaced" {
    const removed = this.#entries.delete(key);
    this.#leases.fulfil(key);
    return removed ? "replaced" : "added";
  }

  #canCompress({ body, mediaType }: Pick<CachedResponse, "body" | "mediaType">): boolean {
    return (
      (this.#options.compression ?? true) && body.state === "plain" && isWorthCompressing(mediaType, body.identityBytes)
    );
  }

  #requireLease(key: string, token: string | undefined): void {
    if (token === undefined || this.#leases.isCurrent(key, token)) return;
    throw new AppError(
      "lease-expired",
      "This fill lease has expired; another caller is filling the key or has filled it.",
    );
  }

  #tooLarge(): AppError {
    this.#entries.counters.reject();
    return itemTooLarge();
  }

  #noMemory(): AppError {
    this.#entries.counters.reject();
    return memoryPressure();
  }

  /** Pages of slabs first: an entry evicted for its frame alone would leave its body's room unused. */
  #freeUntil(isEnough: () => boolean, ask?: Ask): void {
    while (!isEnough()) {
      if (this.#bodies.compact() === 0 && this.#entries.evictOne(ask) === 0) return;
    }
  }
}
