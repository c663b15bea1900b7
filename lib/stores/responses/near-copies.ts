import type { CachedHit, CacheQuery } from "../../ports/cache-store.ts";
import type { SharedFollower, SharedResponse, SharedResponses } from "../../ports/shared-responses.ts";
import type { BodyForm } from "./held-body.ts";
import { type KeyWatch, KeyWatches } from "./key-watches.ts";
import { fullKey } from "./namespace-scan.ts";
import type { ResponseCache } from "./response-cache.ts";

const ALL = Number.POSITIVE_INFINITY;

/**
 * This node's copies of shared responses. A copy is served only while news of changes arrive: none is older than the last second,
 * and after a cut none from before it is ever served.
 */
export class NearCopies implements SharedFollower {
  readonly #near: ResponseCache;
  readonly #shared: SharedResponses;
  readonly #watches = new KeyWatches();
  /** Reads under way: who asks for the same joins them, until something changes. */
  readonly #reads = new Map<string, Promise<SharedResponse | null>>();
  /** Clearings that are not done yet. */
  #clearing = 0;

  constructor(near: ResponseCache, shared: SharedResponses) {
    this.#near = near;
    this.#shared = shared;
    shared.follow(this);
  }

  get isUsable(): boolean {
    return this.#clearing === 0 && this.#shared.isCurrent;
  }

  /** What is known of reads and watches under way, which end with their requests. */
  get underWay(): number {
    return this.#reads.size + this.#watches.size;
  }

  /** Null: there is none that can be trusted. @throws {AppError} `version-mismatch`. */
  find(query: CacheQuery): Promise<CachedHit> | null {
    return this.isUsable ? this.#near.lookups.find(query) : null;
  }

  /** Reads the shared response, and holds a copy unless it may be old already. */
  read(namespace: string, key: string): Promise<SharedResponse | null> {
    const full = fullKey(namespace, key);
    const underWay = this.#reads.get(full);
    if (underWay) return underWay;
    const read = this.#watches
      .during(full, async (watch) => {
        const wasUsable = this.isUsable;
        const found = await this.#shared.read(namespace, key);
        if (found !== null && wasUsable) this.hold(namespace, key, found, watch);
        return found;
      })
      .finally(() => {
        if (this.#reads.get(full) === read) this.#reads.delete(full);
      });
    this.#reads.set(full, read);
    return read;
  }

  /** Runs a question about a key; `watch` tells what was heard meanwhile. */
  during<T>(namespace: string, key: string, ask: (watch: KeyWatch) => Promise<T>): Promise<T> {
    return this.#watches.during(fullKey(namespace, key), ask);
  }

  /** Holds what was read or put, unless something newer was told of meanwhile. */
  hold(namespace: string, key: string, response: SharedResponse, watch: KeyWatch): void {
    const { version, bytes, mediaType, tags, meta, ageMs, freshForMs: freshMs, endsInMs } = response;
    if (!this.isUsable || watch.version > version) return;
    const form = formOf(response);
    const staleMs = response.mayBeStale ? Math.max(1, endsInMs - freshMs) : 0;
    this.#near.hold({ namespace, key, version, bytes, form, mediaType, tags, meta, ageMs, freshMs, staleMs });
  }

  changed(namespace: string, key: string, version: number): void {
    this.#tell(namespace, key, version);
    this.#near.leases.fulfil(fullKey(namespace, key));
  }

  gone(namespace: string, key: string): void {
    this.#tell(namespace, key, ALL);
    this.#near.leases.passOn(fullKey(namespace, key));
  }

  lost(): void {
    this.#watches.tellAll();
    this.#reads.clear();
    // Nobody would hear that what is waited for is there.
    this.#near.leases.endAll();
    this.#clearing += 1;
    const done = (): void => {
      this.#clearing -= 1;
    };
    this.#near.clear().then(done, done);
  }

  #tell(namespace: string, key: string, version: number): void {
    const full = fullKey(namespace, key);
    this.#near.forget(namespace, key, version);
    this.#watches.tell(full, version);
    this.#reads.delete(full);
  }
}

/** It was compressed, or not, before it was put: a copy stays as it is, so that its tag is the same on every node. */
export function formOf({ encoding, etag: tag, identityTag, identityBytes }: SharedResponse): BodyForm {
  return { encoding, tag, identityTag, identityBytes, state: encoding === "identity" ? "tried" : "put" };
}
