import type { CachePut, PutOutcome } from "../../ports/cache-store.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { QuotaEntry, Quotas } from "../../ports/namespace-quotas.ts";
import type { SharedBody, SharedPut, SharedResponses } from "../../ports/shared-responses.ts";
import { examine } from "./cache-refusals.ts";
import { ownTexts } from "./cached-response.ts";
import { compress, isWorthCompressing } from "./encodings.ts";
import { tagFor } from "./held-body.ts";
import type { Inflations } from "./inflations.ts";
import type { NearCopies } from "./near-copies.ts";
import type { ResponseCache } from "./response-cache.ts";
import type { CacheBounds } from "./response-cache-options.ts";
import { isAway } from "./shared-place.ts";
import { TimeToLive, type TimeToLiveOptions } from "./time-to-live.ts";

/** What an encoder holds beside the body and its compressed form, at most. */
const ENCODER_BYTES = 8 * 1024 * 1024;

export interface FleetPutsOptions extends TimeToLiveOptions {
  near: ResponseCache;
  shared: SharedResponses;
  /** Grants what compressing and inflating a body takes for a moment. */
  decoders: MemoryAccount;
  /** The largest body that an encoded one may inflate to. */
  maxBodyBytes: number;
  quotas?: Quotas;
  /** Off: bodies stay as they were put. */
  compression?: boolean;
}

/**
 * Puts responses where nodes share them. A body is compressed before: every node then sends the same bytes under the same tag, and
 * none of them does it again.
 */
export class FleetPuts {
  readonly #options: FleetPutsOptions;
  readonly #copies: NearCopies;
  readonly #inflations: Inflations;
  readonly #ttl: TimeToLive;
  #maxBodyBytes: number;

  constructor(options: FleetPutsOptions, copies: NearCopies, inflations: Inflations) {
    this.#options = options;
    this.#copies = copies;
    this.#inflations = inflations;
    this.#ttl = new TimeToLive(options);
    this.#maxBodyBytes = options.maxBodyBytes;
  }

  change({ ttlMs, ttlJitter, maxBodyBytes }: CacheBounds): void {
    this.#ttl.change({ ttlMs, ttlJitter });
    this.#maxBodyBytes = maxBodyBytes ?? this.#maxBodyBytes;
  }

  /** As of CacheStore. @throws {AppError} as there, and those of SharedResponses. */
  async put(put: CachePut): Promise<PutOutcome> {
    const { namespace, key, lease, condition, maxAgeMs, staleMs = 0 } = put;
    if (maxAgeMs === 0 && staleMs === 0) {
      await this.#clear(put);
      return "not-kept";
    }
    const body = await this.#bodyOf(put);
    const freshMs = this.#ttl.of(maxAgeMs);
    const made: SharedPut = { ...body, ...ownTexts(put), namespace, key, freshMs, staleMs, lease, condition };
    const entry = await this.#enterQuota(made);
    try {
      return await this.#send(made);
    } finally {
      entry?.leave();
    }
  }

  #send(made: SharedPut): Promise<PutOutcome> {
    const { namespace, key, freshMs, staleMs } = made;
    return this.#copies.during(namespace, key, async (watch) => {
      try {
        const { outcome, version } = await this.#options.shared.put(made);
        this.#copies.changed(namespace, key, version);
        const times = { ageMs: 0, freshForMs: freshMs, mayBeStale: staleMs > 0, endsInMs: freshMs + staleMs };
        this.#copies.hold(namespace, key, { ...made, ...times, version }, watch);
        return outcome;
      } catch (error) {
        // One that was not answered may have been put: a copy may be old now.
        if (isAway(error)) this.#copies.gone(namespace, key);
        throw error;
      }
    });
  }

  async #clear({ namespace, key, lease, condition }: CachePut): Promise<void> {
    try {
      await this.#options.shared.clear(namespace, key, lease, condition ?? null);
      this.#copies.changed(namespace, key, Number.POSITIVE_INFINITY);
    } catch (error) {
      if (isAway(error)) this.#copies.gone(namespace, key);
      throw error;
    }
  }

  async #bodyOf(put: CachePut): Promise<SharedBody> {
    const { body: bytes, encoding } = put;
    const { tag: etag, identityTag, identityBytes } = await examine(put, this.#maxBodyBytes, this.#inflations);
    const asPut = { bytes, encoding, etag, identityTag, identityBytes };
    const isPlain = encoding === "identity" && isWorthCompressing(put.mediaType, identityBytes);
    if (!isPlain || this.#options.compression === false) return asPut;
    const cost = ENCODER_BYTES + 2 * identityBytes;
    // Where there is no memory for it, it is sent as it is.
    if (!this.#options.decoders.tryReserve(cost)) return asPut;
    try {
      const wanted = this.#options.near.lookups.wantedEncoding;
      const compressed = await compress(bytes, wanted);
      if (compressed === null) return asPut;
      return { bytes: compressed, encoding: wanted, etag: tagFor(compressed, wanted), identityTag, identityBytes };
    } finally {
      this.#options.decoders.release(cost);
    }
  }

  /** Takes room of the namespace's quota, which is counted over all nodes. @throws {AppError} `quota-exceeded`. */
  async #enterQuota(put: SharedPut): Promise<QuotaEntry | null> {
    const { namespace, key } = put;
    const gate = this.#options.quotas?.of(namespace) ?? null;
    if (gate === null) return null;
    const bytes = this.#options.shared.sizeOf(put);
    const entry = await gate.enter({ bytes, items: 1 }, async () => {
      const { entryBytes } = await this.#options.shared.held(namespace, key);
      return [{ bytes: bytes - (entryBytes ?? 0), items: entryBytes === null ? 1 : 0 }];
    });
    if (entry.refused.size === 0) return entry;
    entry.leave();
    throw gate.exceeded();
  }
}
