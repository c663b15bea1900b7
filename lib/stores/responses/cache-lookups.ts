import type {
  CachedHit,
  CacheLookup,
  CacheQuery,
  Encoding,
  FillRequest,
  PeekedEntry,
} from "../../ports/cache-store.ts";
import type { Clock } from "../../shared/clock.ts";
import type { BoundedEntries } from "../cache/bounded-entries.ts";
import type { BodyArena } from "./body-arena.ts";
import { leaseExpired, requireCondition } from "./cache-refusals.ts";
import { type CachedResponse, isStale, splitTags } from "./cached-response.ts";
import { type FillLeases, LEASE_MS } from "./fill-leases.ts";
import { matchTag } from "./held-body.ts";
import type { Inflations } from "./inflations.ts";
import { fullKey } from "./namespace-scan.ts";

/** How clearly callers prefer an encoding, at most. */
const MOST_VOTES = 16;

interface Parts {
  clock: Pick<Clock, "monotonicMs">;
  entries: BoundedEntries<CachedResponse>;
  bodies: BodyArena;
  leases: FillLeases;
  inflations: Inflations;
}

/** Answers look-ups: with the body in a form that the caller takes, with a fill lease, or after waiting for who has it. */
export class CacheLookups {
  readonly #parts: Parts;
  /** Above 0: those who ask take brotli. */
  #brotliTakers = 1;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What a body is best compressed with, by those who asked lately. */
  get wantedEncoding(): "br" | "gzip" {
    return this.#brotliTakers > 0 ? "br" : "gzip";
  }

  async lookup(query: CacheQuery): Promise<CacheLookup> {
    const { namespace, key, accepts, etags, fill } = query;
    const hit = this.find(query, fill);
    if (hit !== null) return hit;
    return fill ? this.#fill(fullKey(namespace, key), accepts, fill, etags) : { outcome: "miss" };
  }

  /** The response, with a lease to fill a stale one where `fill` asks for it; null for none. @throws as `lookup` does. */
  find({ namespace, key, accepts, etags, match }: CacheQuery, fill?: FillRequest): Promise<CachedHit> | null {
    const full = fullKey(namespace, key);
    this.learnTaker(accepts);
    const entry = this.#parts.entries.get(full);
    if (!entry) return null;
    if (match) requireCondition({ match, noneMatch: [] }, entry);
    return this.#hit(full, entry, accepts, etags, fill);
  }

  /** Counts as no use. */
  async peek(namespace: string, key: string): Promise<PeekedEntry | null> {
    const full = fullKey(namespace, key);
    const entry = this.#parts.entries.view.peek(full);
    const expiresAtMs = entry ? this.#parts.entries.view.expiresAtMs(full) : 0;
    const nowMs = this.#parts.clock.monotonicMs();
    if (!entry || expiresAtMs <= nowMs) return null;
    const { mediaType, tags, meta, mayBeStale, freshUntilMs } = entry;
    const ttlLeftMs = Math.max(0, freshUntilMs - nowMs);
    const staleLeftMs = mayBeStale ? Math.max(0, expiresAtMs - Math.max(nowMs, freshUntilMs)) : 0;
    const { bytes } = await this.#parts.bodies.represent(entry.body, [], this.#parts.inflations);
    return { mediaType, tags: splitTags(tags), meta, ttlLeftMs, staleLeftMs, body: bytes };
  }

  /** Who takes neither says nothing: both would be inflated for it. */
  learnTaker(accepts: readonly Encoding[]): void {
    if (accepts.length === 0) return;
    const step = accepts.includes("br") ? 1 : -1;
    this.#brotliTakers = Math.max(-MOST_VOTES, Math.min(MOST_VOTES, this.#brotliTakers + step));
  }

  /** A stale response is given to all at once, and to one with the lease to fill it. */
  async #hit(
    key: string,
    entry: CachedResponse,
    accepts: readonly Encoding[],
    etags: readonly string[] = [],
    fill?: FillRequest,
  ): Promise<CachedHit> {
    const { body, mediaType, tags, meta, storedAtMs, freshUntilMs } = entry;
    const nowMs = this.#parts.clock.monotonicMs();
    entry.hits += 1;
    entry.lastUsedMs = nowMs;
    const stale = isStale(entry, nowMs);
    const found: CachedHit = {
      outcome: "hit",
      mediaType,
      ageMs: nowMs - storedAtMs,
      // An entry that may not be stale and is a moment late has no time left.
      freshForMs: stale ? freshUntilMs - nowMs : Math.max(0, freshUntilMs - nowMs),
      isStale: stale,
      lease: stale && fill ? this.#lease(key, fill) : null,
      tags,
      meta,
      representation: null,
      etag: "",
    };
    const known = matchTag(body, accepts, etags);
    if (known !== null) found.etag = known;
    else {
      const representation = await this.#parts.bodies.represent(body, accepts, this.#parts.inflations);
      found.representation = representation;
      found.etag = representation.etag;
    }
    return found;
  }

  /** A new lease, or the caller's own for longer; null when another caller has it. @throws {AppError} `lease-expired`. */
  #lease(key: string, { token, leaseMs = LEASE_MS }: FillRequest): string | null {
    if (token === undefined) return this.#parts.leases.acquire(key, leaseMs);
    if (!this.#parts.leases.renew(key, token, leaseMs)) throw leaseExpired();
    return token;
  }

  async #fill(
    key: string,
    accepts: readonly Encoding[],
    fill: FillRequest,
    etags?: readonly string[],
  ): Promise<CacheLookup> {
    const token = this.#lease(key, fill);
    if (token !== null) return { outcome: "lease", token };
    // No room for another lease: the caller may fill unasked.
    if (!this.#parts.leases.isHeld(key)) return { outcome: "miss" };
    const waited = await this.#parts.leases.wait(key, fill);
    if (waited.outcome !== "filled") return waited;
    const entry = this.#parts.entries.view.peek(key);
    return entry ? this.#hit(key, entry, accepts, etags) : { outcome: "pending" };
  }
}
