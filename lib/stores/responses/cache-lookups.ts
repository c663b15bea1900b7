import type { CacheLookup, CacheQuery, Encoding } from "../../ports/cache-store.ts";
import type { Clock } from "../../shared/clock.ts";
import type { BoundedEntries } from "../cache/bounded-entries.ts";
import type { BodyArena } from "./body-arena.ts";
import { requireCondition } from "./cache-refusals.ts";
import type { CachedResponse } from "./cached-response.ts";
import type { FillLeases } from "./fill-leases.ts";
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

  async lookup({ namespace, key, accepts, etags, match, fill }: CacheQuery): Promise<CacheLookup> {
    const full = fullKey(namespace, key);
    this.learnTaker(accepts);
    const entry = this.#parts.entries.get(full);
    if (entry && match) requireCondition({ match, noneMatch: [] }, entry);
    if (entry) return this.#hit(full, entry, accepts, etags);
    return fill ? this.#fill(full, accepts, fill, etags) : { outcome: "miss" };
  }

  /** Who takes neither says nothing: both would be inflated for it. */
  learnTaker(accepts: readonly Encoding[]): void {
    if (accepts.length === 0) return;
    const step = accepts.includes("br") ? 1 : -1;
    this.#brotliTakers = Math.max(-MOST_VOTES, Math.min(MOST_VOTES, this.#brotliTakers + step));
  }

  async #hit(
    key: string,
    entry: CachedResponse,
    accepts: readonly Encoding[],
    etags: readonly string[] = [],
  ): Promise<CacheLookup> {
    entry.hits += 1;
    const { body, mediaType } = entry;
    const ageMs = this.#parts.clock.monotonicMs() - entry.storedAtMs;
    const ttlLeftMs = this.#parts.entries.ttlLeftMs(key);
    const known = matchTag(body, accepts, etags);
    if (known !== null) return { outcome: "hit", mediaType, ageMs, ttlLeftMs, representation: null, etag: known };
    const representation = await this.#parts.bodies.represent(body, accepts, this.#parts.inflations);
    return { outcome: "hit", mediaType, ageMs, ttlLeftMs, representation, etag: representation.etag };
  }

  async #fill(
    key: string,
    accepts: readonly Encoding[],
    { waitMs, signal }: NonNullable<CacheQuery["fill"]>,
    etags?: readonly string[],
  ): Promise<CacheLookup> {
    const token = this.#parts.leases.acquire(key);
    if (token !== null) return { outcome: "lease", token };
    // No room for another lease: the caller may fill unasked.
    if (!this.#parts.leases.isHeld(key)) return { outcome: "miss" };
    const waited = await this.#parts.leases.wait(key, waitMs, signal);
    if (waited.outcome !== "filled") return waited;
    const entry = this.#parts.entries.peek(key);
    return entry ? this.#hit(key, entry, accepts, etags) : { outcome: "pending" };
  }
}
