import type {
  CachedHit,
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
import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { SharedResponse, SharedResponses } from "../../ports/shared-responses.ts";
import type { Clock } from "../../shared/clock.ts";
import type { Condition } from "../../shared/condition.ts";
import { requireCondition } from "./cache-refusals.ts";
import { splitTags } from "./cached-response.ts";
import { FleetFills } from "./fleet-fills.ts";
import { FleetPuts, type FleetPutsOptions } from "./fleet-puts.ts";
import { matchTag } from "./held-body.ts";
import { Inflations } from "./inflations.ts";
import { fullKey } from "./namespace-scan.ts";
import { formOf, NearCopies } from "./near-copies.ts";
import { PendingUses } from "./pending-uses.ts";
import type { ResponseCache } from "./response-cache.ts";
import type { CacheBounds } from "./response-cache-options.ts";
import { isAway, whenAway } from "./shared-place.ts";
import { TopEntries } from "./top-entries.ts";

/** How often uses are told, and what has expired is removed. */
const UPKEEP_MS = 1_000;
/** Uses told in one call. */
const USES = 512;
const MISS: CacheLookup = { outcome: "miss" };

export interface FleetCacheOptions extends FleetPutsOptions {
  clock: Clock;
  /** Holds this node's copies, within its own bounds. */
  near: ResponseCache;
  shared: SharedResponses;
  /** Grants uses that are not told yet. */
  usesAccount: MemoryAccount;
  /** Upkeep failed, and not because the place is away. */
  onFailure: (error: unknown) => void;
}

/**
 * The response cache of several nodes: responses are kept in a place that they share, and each node holds copies of those that it
 * serves. While that place is away, a look-up is a miss and a put keeps nothing; all else throws `storage-unavailable`.
 */
export class FleetCache implements CacheStore {
  readonly #options: FleetCacheOptions;
  readonly #copies: NearCopies;
  readonly #fills: FleetFills;
  readonly #puts: FleetPuts;
  readonly #inflations: Inflations;
  readonly #uses: PendingUses;
  readonly #stopUpkeep: () => void;
  #isKeepingUp = false;

  constructor(options: FleetCacheOptions) {
    const { near, shared, clock } = options;
    this.#options = options;
    this.#inflations = new Inflations(options.decoders);
    this.#uses = new PendingUses(options.usesAccount);
    this.#copies = new NearCopies(near, shared);
    this.#fills = new FleetFills({ clock, shared, copies: this.#copies, leases: near.leases });
    this.#puts = new FleetPuts(options, this.#copies, this.#inflations);
    this.#stopUpkeep = clock.every(UPKEEP_MS, () => void this.#upkeep());
  }

  async lookup(query: CacheQuery): Promise<CacheLookup> {
    const { namespace, key, fill } = query;
    const copy = this.#copies.find(query);
    if (copy === null) return this.#far(query).catch(whenAway(MISS));
    const hit = await copy;
    this.#noteUse(namespace, key);
    if (hit.isStale && fill !== undefined)
      hit.lease = await this.#fills.ofStale(namespace, key, fill).catch(whenAway(null));
    return hit;
  }

  async put(put: CachePut): Promise<PutOutcome> {
    const outcome = this.#puts.put(put);
    const done = await (put.condition ? outcome : outcome.catch(whenAway<PutOutcome>("not-kept")));
    this.#uses.forget(fullKey(put.namespace, put.key));
    return done;
  }

  async delete(namespace: string, key: string, lease?: string, condition?: Condition | null): Promise<boolean> {
    try {
      const deleted = await this.#options.shared.delete(namespace, key, lease, condition ?? null);
      this.#copies.gone(namespace, key);
      return deleted;
    } catch (error) {
      // One that was not answered may have been done.
      if (isAway(error)) this.#copies.gone(namespace, key);
      throw error;
    }
  }

  async peek(namespace: string, key: string): Promise<PeekedEntry | null> {
    const found = await this.#options.shared.read(namespace, key);
    if (found === null) return null;
    const { mediaType, tags, meta, freshForMs, endsInMs, mayBeStale } = found;
    const ttlLeftMs = Math.max(0, freshForMs);
    const staleLeftMs = mayBeStale ? Math.max(0, endsInMs - ttlLeftMs) : 0;
    const body = await this.#identity(found);
    return { mediaType, tags: splitTags(tags), meta, ttlLeftMs, staleLeftMs, body };
  }

  purge(namespace: string, what: CacheSelection): Promise<number> {
    return this.#options.shared.purge(namespace, what);
  }

  markStale(namespace: string, what: CacheSelection): Promise<number> {
    return this.#options.shared.markStale(namespace, what);
  }

  measure(namespace: string, what: CacheSelection): Promise<{ count: number; bytes: number }> {
    return this.#options.shared.measure(namespace, what);
  }

  async list(namespace: string, page: CacheSelection & { limit: number; from: number }): Promise<Listed<number>> {
    await this.#tellUses();
    return this.#options.shared.list(namespace, page);
  }

  async listSorted(namespace: string, { limit, order, after, ...what }: SortedPage): Promise<Listed<SortedPosition>> {
    await this.#tellUses();
    const { shared } = this.#options;
    const top = new TopEntries<string>({ limit, order, after });
    await shared.figures(namespace, what, (figure, key) => top.offer(figure, key, key));
    return { items: await shared.views(namespace, top.items), next: top.next };
  }

  /** New bounds of this node's copies, and of what is put through it. @throws {RangeError} as `ResponseCache.resize` does. */
  resize(bounds: CacheBounds): void {
    this.#puts.change(bounds);
    this.#options.near.resize(bounds);
  }

  close(): void {
    this.#stopUpkeep();
    this.#uses.take(0);
    this.#options.near.close();
  }

  async #far(query: CacheQuery): Promise<CacheLookup> {
    const { namespace, key, fill } = query;
    const found = await this.#copies.read(namespace, key);
    if (found === null) return fill === undefined ? MISS : this.#fill(query, fill);
    const hit = await this.#toHit(found, query);
    if (hit.isStale && fill !== undefined)
      hit.lease = await this.#fills.ofStale(namespace, key, fill).catch(whenAway(null));
    return hit;
  }

  async #fill(query: CacheQuery, fill: CacheQuery["fill"] & {}): Promise<CacheLookup> {
    const filled = await this.#fills.ofMissing(query.namespace, query.key, fill);
    return filled.outcome === "found" ? this.#toHit(filled.response, query) : filled;
  }

  async #toHit(found: SharedResponse, { namespace, key, accepts, etags = [], match }: CacheQuery): Promise<CachedHit> {
    const { mediaType, tags, meta, ageMs, freshForMs, mayBeStale, encoding } = found;
    const form = formOf(found);
    if (match) requireCondition({ match, noneMatch: [] }, { body: form });
    this.#noteUse(namespace, key);
    const isStale = mayBeStale && freshForMs <= 0;
    const known = matchTag(form, accepts, etags);
    const isSent = known === null && (encoding === "identity" || accepts.includes(encoding));
    const etag = known ?? (isSent ? form.tag : form.identityTag);
    const bytes = known !== null ? null : isSent ? found.bytes : await this.#identity(found);
    const representation = bytes && { bytes, encoding: isSent ? encoding : ("identity" as const), etag };
    return {
      outcome: "hit",
      mediaType,
      ageMs,
      freshForMs: isStale ? freshForMs : Math.max(0, freshForMs),
      isStale,
      lease: null,
      tags,
      meta,
      representation,
      etag,
    };
  }

  async #identity({ bytes, encoding, identityBytes }: SharedResponse): Promise<Uint8Array> {
    return encoding === "identity" ? bytes : this.#inflations.run(bytes, encoding, identityBytes);
  }

  #noteUse(namespace: string, key: string): void {
    this.#uses.note(fullKey(namespace, key), namespace, key, this.#options.clock.monotonicMs());
  }

  async #tellUses(): Promise<void> {
    const uses = this.#uses.take(this.#options.clock.monotonicMs());
    for (let at = 0; at < uses.length; at += USES) await this.#options.shared.used(uses.slice(at, at + USES));
  }

  async #upkeep(): Promise<void> {
    if (this.#isKeepingUp) return;
    this.#isKeepingUp = true;
    try {
      await this.#tellUses();
      await this.#options.shared.sweep();
    } catch (error) {
      // The uses of this second are not counted.
      if (!isAway(error)) this.#options.onFailure(error);
    } finally {
      this.#isKeepingUp = false;
    }
  }
}
