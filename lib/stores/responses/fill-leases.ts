import { randomBytes } from "node:crypto";
import type { FillRequest } from "../../ports/cache-store.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { Clock } from "../../shared/clock.ts";
import { mayTake } from "../../shared/fair-shares.ts";
import { leaseExpired } from "./cache-refusals.ts";

/** The share of the cache's bytes kept for leases and waiters, and the most that they ever need. */
const FILL_SHARE = 1 / 8;
const MOST_FILL_BYTES = 4 * 1024 * 1024;
export const fillBytes = (maxBytes: number): number => Math.min(MOST_FILL_BYTES, Math.floor(maxBytes * FILL_SHARE));

export const LEASE_MS = 10_000;
/** What a lease and a waiter hold, by measurement, timers and closures included. */
export const LEASE_BYTES = 768;
export const WAITER_BYTES = 640;

/** `filled`: look again. `lease`: the one who filled gave up, now it is you. `pending`: not in the time you had. */
export type WaitOutcome = { outcome: "filled" } | { outcome: "lease"; token: string } | { outcome: "pending" };

interface Waiter {
  /** How long the lease is to last when it becomes this waiter's. */
  leaseMs: number;
  settle(outcome: WaitOutcome): void;
}

interface Lease {
  token: string;
  cancelExpiry: () => void;
  waiters: Set<Waiter>;
}

interface FillLeasesOptions {
  clock: Clock;
  account: MemoryAccount;
  /** Whose a key is: no namespace takes all the room. */
  namespaceOf(key: string): string;
  /** Of leases and waiters together. */
  maxBytes: number;
}

/**
 * One caller per missing key computes its value; the others are told to come back, or wait. After every call the leases and
 * waiters hold at most `maxBytes`, which the account granted. A lease whose holder is silent for its time passes to the
 * waiter that came first. Each namespace leaves the others room.
 */
export class FillLeases {
  readonly #options: FillLeasesOptions;
  readonly #leases = new Map<string, Lease>();
  /** Bytes by namespace. */
  readonly #held = new Map<string, number>();
  #bytes = 0;
  #maxBytes: number;

  constructor(options: FillLeasesOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get leases(): number {
    return this.#leases.size;
  }

  /** Those that wait, over all keys. O(leases). */
  get waiters(): number {
    return [...this.#leases.values()].reduce((sum, { waiters }) => sum + waiters.size, 0);
  }

  /** What waits or fills now may end; nothing more is admitted until it is below. */
  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }

  isHeld(key: string): boolean {
    return this.#leases.has(key);
  }

  /** A token for the first to ask; null when the key is being filled, or its namespace has no room for another lease. */
  acquire(key: string, leaseMs = LEASE_MS): string | null {
    if (this.#leases.has(key) || !this.#reserve(key, LEASE_BYTES)) return null;
    const lease: Lease = { token: "", cancelExpiry: () => undefined, waiters: new Set() };
    this.#leases.set(key, lease);
    return this.#grant(key, lease, leaseMs);
  }

  /** Lets a lease last from now on; false for one that is over. */
  renew(key: string, token: string, leaseMs: number): boolean {
    const lease = this.#leases.get(key);
    if (lease?.token !== token) return false;
    lease.cancelExpiry();
    this.#expireAfter(key, lease, leaseMs);
    return true;
  }

  isCurrent(key: string, token: string): boolean {
    return this.#leases.get(key)?.token === token;
  }

  /** @throws {AppError} `lease-expired` for a token that is not the current one; none asks for nothing. */
  require(key: string, token: string | undefined): void {
    if (token !== undefined && !this.isCurrent(key, token)) throw leaseExpired();
  }

  /** Waits for the key that somebody fills. `pending` at once when there is no room for another waiter. */
  wait(key: string, { waitMs, signal, leaseMs = LEASE_MS }: FillRequest): Promise<WaitOutcome> {
    const lease = this.#leases.get(key);
    if (!lease) return Promise.resolve({ outcome: "filled" });
    if (waitMs <= 0 || signal?.aborted || !this.#reserve(key, WAITER_BYTES))
      return Promise.resolve({ outcome: "pending" });
    return new Promise((resolve) => {
      const giveUp = (): void => waiter.settle({ outcome: "pending" });
      const cancelTimeout = this.#options.clock.after(waitMs, giveUp);
      const waiter: Waiter = {
        leaseMs,
        settle: (outcome) => {
          if (!lease.waiters.delete(waiter)) return;
          cancelTimeout();
          signal?.removeEventListener("abort", giveUp);
          this.#release(key, WAITER_BYTES);
          resolve(outcome);
        },
      };
      lease.waiters.add(waiter);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** The value is there: everyone looks again. */
  fulfil(key: string): void {
    const lease = this.#end(key);
    for (const waiter of [...(lease?.waiters ?? [])]) waiter.settle({ outcome: "filled" });
  }

  /** The holder gave up or took too long, or what it computes was purged: the first waiter takes over with a new token. */
  passOn(key: string): void {
    const lease = this.#leases.get(key);
    if (!lease) return;
    const [first] = lease.waiters;
    if (!first) {
      this.#end(key);
      return;
    }
    lease.cancelExpiry();
    first.settle({ outcome: "lease", token: this.#grant(key, lease, first.leaseMs) });
  }

  /** Passes on every lease whose key it is true for. */
  passOnAll(isMeant: (key: string) => boolean): void {
    for (const key of [...this.#leases.keys()]) if (isMeant(key)) this.passOn(key);
  }

  /** Ends every lease; whoever waits is told to ask again. */
  endAll(): void {
    for (const key of [...this.#leases.keys()]) {
      const lease = this.#end(key);
      for (const waiter of [...(lease?.waiters ?? [])]) waiter.settle({ outcome: "pending" });
    }
  }

  #grant(key: string, lease: Lease, leaseMs: number): string {
    lease.token = randomBytes(16).toString("base64url");
    this.#expireAfter(key, lease, leaseMs);
    return lease.token;
  }

  #expireAfter(key: string, lease: Lease, leaseMs: number): void {
    lease.cancelExpiry = this.#options.clock.after(leaseMs, () => this.passOn(key));
  }

  #end(key: string): Lease | undefined {
    const lease = this.#leases.get(key);
    if (!lease) return undefined;
    this.#leases.delete(key);
    lease.cancelExpiry();
    this.#release(key, LEASE_BYTES);
    return lease;
  }

  #reserve(key: string, bytes: number): boolean {
    const namespace = this.#options.namespaceOf(key);
    const held = this.#held.get(namespace) ?? 0;
    if (!mayTake(bytes, held, this.#maxBytes - this.#bytes) || !this.#options.account.tryReserve(bytes)) return false;
    this.#bytes += bytes;
    this.#held.set(namespace, held + bytes);
    return true;
  }

  #release(key: string, bytes: number): void {
    const namespace = this.#options.namespaceOf(key);
    const left = (this.#held.get(namespace) ?? 0) - bytes;
    if (left > 0) this.#held.set(namespace, left);
    else this.#held.delete(namespace);
    this.#bytes -= bytes;
    this.#options.account.release(bytes);
  }
}
