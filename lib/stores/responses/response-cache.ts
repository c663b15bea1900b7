import type { StoreStats } from "../../contracts/memory.ts";
import type { BoundedStore, ReliefStep, Slicer } from "../../ports/bounded-store.ts";
import type {
  CachedEntry,
  CacheLookup,
  CachePut,
  CacheQuery,
  CacheStore,
  Encoding,
  PeekedEntry,
} from "../../ports/cache-store.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { Clock } from "../../shared/clock.ts";
import { type Condition, holds } from "../../shared/condition.ts";
import { AppError } from "../../shared/errors.ts";
import { BoundedEntries, type PolicySetting } from "../cache/bounded-entries.ts";
import { BudgetAccount } from "../core/budget-account.ts";
import { BackgroundCompressor } from "./background-compressor.ts";
import { BodyArena } from "./body-arena.ts";
import { createRelief } from "./cache-relief.ts";
import { type CachedResponse, frameBytes, ownText } from "./cached-response.ts";
import { isWorthCompressing, TrailingBytesError } from "./encodings.ts";
import { FillLeases } from "./fill-leases.ts";
import { type BodyForm, examineBody, matchTag } from "./held-body.ts";
import { Inflations } from "./inflations.ts";
import { fullKey, type ListPage, NamespaceScan, namespaceOf } from "./namespace-scan.ts";

export interface ResponseCacheOptions {
  maxItems: number;
  maxBytes: number;
  ttlMs: number;
  /** Share of its time to live by which an entry may go early, or without a time of its own late; 0 unless said. */
  ttlJitter?: number;
  policy: PolicySetting;
  clock: Clock;
  account: MemoryAccount;
  /** The largest body that an encoded one may inflate to. */
  maxBodyBytes: number;
  createSlicer: () => Slicer;
  /** Grants what inflating a body takes for a moment. */
  decoders: MemoryAccount;
  /** Off: bodies stay as they were put. */
  compression?: boolean;
  random?: () => number;
}

export type CacheBounds = Partial<
  Pick<ResponseCacheOptions, "maxItems" | "maxBytes" | "ttlMs" | "ttlJitter" | "policy" | "maxBodyBytes">
>;

/** The share of `maxBytes` kept for leases and waiters, and the most that they ever need. */
const FILL_SHARE = 1 / 8;
const MOST_FILL_BYTES = 4 * 1024 * 1024;
const fillBytes = (maxBytes: number): number => Math.min(MOST_FILL_BYTES, Math.floor(maxBytes * FILL_SHARE));

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
  readonly #bodies: BodyArena;
  readonly #leases: FillLeases;
  readonly #inflations: Inflations;
  readonly #compressor: BackgroundCompressor;
  readonly #scan: NamespaceScan;
  #maxBytes: number;
  #ttlMs: number;
  #ttlJitter: number;
  #maxBodyBytes: number;
  #sequence = 0;
  /** Above 0: those who ask take brotli; how clearly, up to 16. */
  #brotliTakers = 1;

  constructor(options: ResponseCacheOptions) {
    const { clock, account, maxItems, maxBytes, policy } = options;
    this.#options = options;
    this.#maxBytes = maxBytes;
    this.#ttlMs = options.ttlMs;
    this.#ttlJitter = options.ttlJitter ?? 0;
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
      onRemoved: ({ body }) => {
        this.#bodies.release(body);
        if (body.holders === 0) this.#compressor.forget(body);
      },
    });
    this.#bodies = new BodyArena(this.#budget, () => this.#entries.evictOne() > 0);
    this.#compressor = new BackgroundCompressor({
      bodies: this.#bodies,
      clock,
      maxQueued: 1024,
      encoding: () => (this.#brotliTakers > 0 ? "br" : "gzip"),
    });
    this.#scan = new NamespaceScan({ entries: this.#entries, clock, createSlicer: options.createSlicer });
    this.relief = createRelief({
      entries: this.#entries,
      bodies: this.#bodies,
      compressor: this.#compressor,
      canCompress: (entry) => this.#canCompress(entry),
      grantedBytes: () => this.#budget.grantedBytes,
    });
  }

  async lookup({ namespace, key, accepts, etags, match, fill }: CacheQuery): Promise<CacheLookup> {
    const full = fullKey(namespace, key);
    this.#learnTaker(accepts);
    const entry = this.#entries.get(full);
    if (entry && match) requireCondition({ match, noneMatch: [] }, entry);
    if (entry) return this.#hit(full, entry, accepts, etags);
    return fill ? this.#fill(full, accepts, fill, etags) : { outcome: "miss" };
  }

  async put(put: CachePut): Promise<"added" | "replaced"> {
    const key = fullKey(put.namespace, put.key);
    if (put.accepts) this.#learnTaker(put.accepts);
    this.#requireLease(key, put.lease);
    requireCondition(put.condition, this.#entries.peek(key));
    if (put.maxAgeMs === 0) return this.#putNothing(key);
    const mediaType = ownText(put.mediaType);
    const tags = [...new Set(put.tags)].map(ownText);
    const frame = frameBytes(key, mediaType, tags);
    const mostBytes = frame + BodyArena.mostBytesFor(put.body.byteLength);
    // Refused by its length before anything is inflated or let go.
    if (mostBytes > this.#budget.ceilingBytes - this.#entries.indexBytes) throw this.#tooLarge();
    const form = await examine(put, this.#maxBodyBytes, this.#inflations);
    // The lease may have run out, or gone to another, meanwhile.
    this.#requireLease(key, put.lease);
    requireCondition(put.condition, this.#entries.peek(key));
    const heldBytes = this.#budget.grantedBytes - this.#entries.indexBytes;
    if (!this.#budget.couldTake(mostBytes - heldBytes)) throw this.#noMemory();
    return this.#store({ key: ownText(key), mediaType, tags, form, bytes: put.body, frame, maxAgeMs: put.maxAgeMs });
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
    const { items, maxItems, removals, rejections, lookups } = this.#entries;
    return {
      store: this.name,
      items,
      maxItems,
      bytes: this.bytes,
      maxBytes: this.#maxBytes,
      hits: lookups.hits,
      misses: lookups.misses,
      hitRatio: lookups.hitRatio,
      evictions: removals.evicted,
      expirations: removals.expired,
      rejections,
      spilledItems: 0,
      ttlSeconds: this.#ttlMs / 1000,
      policy: this.policy,
      removals: { ...removals, spilled: 0 },
      window: this.#entries.window(),
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

  async sweep(slicer: Slicer): Promise<number> {
    return (await this.#entries.sweep(slicer)).items;
  }

  /** @throws {RangeError} when the index of so many entries does not fit: of the bounds the lower ones hold then. */
  resize({ maxItems, maxBytes = this.#maxBytes, ttlMs, ttlJitter, policy, maxBodyBytes }: CacheBounds): void {
    const ceilingBytes = maxBytes - fillBytes(maxBytes);
    const before = this.#budget.ceilingBytes;
    this.#budget.ceilingBytes = Math.max(before, ceilingBytes);
    this.#ttlMs = ttlMs ?? this.#ttlMs;
    this.#ttlJitter = ttlJitter ?? this.#ttlJitter;
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
    this.#shrinkTo(ceilingBytes);
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

  async #hit(
    key: string,
    entry: CachedResponse,
    accepts: readonly Encoding[],
    etags: readonly string[] = [],
  ): Promise<CacheLookup> {
    entry.hits += 1;
    const { body, mediaType } = entry;
    const ageMs = this.#options.clock.monotonicMs() - entry.storedAtMs;
    const ttlLeftMs = this.#entries.ttlLeftMs(key);
    const known = matchTag(body, accepts, etags);
    if (known !== null) return { outcome: "hit", mediaType, ageMs, ttlLeftMs, representation: null, etag: known };
    const representation = await this.#bodies.represent(body, accepts, this.#inflations);
    return { outcome: "hit", mediaType, ageMs, ttlLeftMs, representation, etag: representation.etag };
  }

  async #fill(
    key: string,
    accepts: readonly Encoding[],
    { waitMs, signal }: NonNullable<CacheQuery["fill"]>,
    etags?: readonly string[],
  ): Promise<CacheLookup> {
    const token = this.#leases.acquire(key);
    if (token !== null) return { outcome: "lease", token };
    // No room for another lease: the caller may fill unasked.
    if (!this.#leases.isHeld(key)) return { outcome: "miss" };
    const waited = await this.#leases.wait(key, waitMs, signal);
    if (waited.outcome !== "filled") return waited;
    const entry = this.#entries.peek(key);
    return entry ? this.#hit(key, entry, accepts, etags) : { outcome: "pending" };
  }

  #store({ key, mediaType, tags, form, bytes, frame, maxAgeMs }: NewEntry): "added" | "replaced" {
    const wasThere = this.#entries.peek(key) !== undefined;
    this.#budget.hold();
    try {
      const body = this.#bodies.hold(bytes, form);
      if (!body) throw this.#noMemory();
      this.#makeRoom(frame);
      this.#sequence += 1;
      const storedAtMs = this.#options.clock.monotonicMs();
      const entry: CachedResponse = { body, mediaType, tags, storedAtMs, sequence: this.#sequence, hits: 0 };
      const outcome = this.#entries.set(key, entry, frame, this.#jittered(maxAgeMs));
      if (outcome === "too-large" || outcome === "no-memory") {
        this.#bodies.release(body);
        throw outcome === "too-large" ? itemTooLarge() : memoryPressure();
      }
      if (this.#canCompress(entry)) this.#compressor.add(body);
    } finally {
      this.#budget.release();
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

  /** What the caller said is the longest; the store's own default may go either way. */
  #jittered(maxAgeMs: number | undefined): number {
    if (this.#ttlJitter === 0) return maxAgeMs ?? this.#ttlMs;
    const random = (this.#options.random ?? Math.random)();
    if (maxAgeMs !== undefined) return maxAgeMs * (1 - this.#ttlJitter * random);
    return this.#ttlMs * (1 + this.#ttlJitter * (2 * random - 1));
  }

  #requireLease(key: string, token: string | undefined): void {
    if (token === undefined || this.#leases.isCurrent(key, token)) return;
    throw new AppError(
      "lease-expired",
      "This fill lease has expired; another caller is filling the key or has filled it.",
    );
  }

  #tooLarge(): AppError {
    this.#entries.rejections += 1;
    return itemTooLarge();
  }

  #noMemory(): AppError {
    this.#entries.rejections += 1;
    return memoryPressure();
  }

  /** Who takes neither says nothing: both would be inflated for it. */
  #learnTaker(accepts: readonly Encoding[]): void {
    if (accepts.length === 0) return;
    const step = accepts.includes("br") ? 1 : -1;
    this.#brotliTakers = Math.max(-16, Math.min(16, this.#brotliTakers + step));
  }

  /** Pages of slabs first: an entry evicted for its frame alone would leave its body's room unused. */
  #makeRoom(bytes: number): void {
    while (!this.#budget.hasRoom(bytes)) {
      if (this.#bodies.compact() === 0 && this.#entries.evictOne() === 0) return;
    }
  }

  /** Lets entries go, and slides slabs together, until what is granted is at most `bytes`. */
  #shrinkTo(bytes: number): void {
    while (this.#budget.grantedBytes > bytes) {
      if (this.#bodies.compact() === 0 && this.#entries.evictOne() === 0) return;
    }
  }
}

/** @throws {AppError} unless what is there is what the condition asks for. */
function requireCondition(condition: Condition | null | undefined, entry: CachedResponse | undefined): void {
  if (!condition) return;
  const present = entry ? [entry.body.identityTag, entry.body.tag].map((tag) => tag.slice(1, -1)) : [];
  if (!holds(condition, present))
    throw new AppError(
      "version-mismatch",
      "The cached response does not meet the precondition. Read it again, then retry.",
    );
}

function itemTooLarge(): AppError {
  return new AppError("item-too-large", "This response is larger than the cache allows.");
}

function memoryPressure(): AppError {
  return new AppError("memory-pressure", "Not enough memory for this response right now. Retry later.", {
    headers: { "Retry-After": "1" },
  });
}

async function examine(put: CachePut, maxBodyBytes: number, inflations: Inflations): Promise<BodyForm> {
  try {
    return await examineBody(put.body, put.encoding, maxBodyBytes, inflations);
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new AppError("body-too-large", `The decompressed body must be at most ${maxBodyBytes} bytes.`, { cause });
    }
    const what =
      cause instanceof TrailingBytesError
        ? `The ${put.encoding} body ends at offset ${cause.offset}, but more bytes follow.`
        : `The body is not valid ${put.encoding}, although its Content-Encoding says so.`;
    throw new AppError("malformed-request", what, { cause });
  }
}

interface NewEntry {
  key: string;
  mediaType: string;
  tags: readonly string[];
  form: BodyForm;
  bytes: Uint8Array;
  frame: number;
  maxAgeMs: number | undefined;
}
