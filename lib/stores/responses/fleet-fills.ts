import type { CacheLookup, FillRequest } from "../../ports/cache-store.ts";
import type { SharedLease, SharedResponse, SharedResponses } from "../../ports/shared-responses.ts";
import type { Clock } from "../../shared/clock.ts";
import { type FillLeases, LEASE_MS } from "./fill-leases.ts";
import { fullKey } from "./namespace-scan.ts";
import type { NearCopies } from "./near-copies.ts";

/** While news may be missing, who waits looks this often. */
const LOOK_MS = 500;
/** Changes of a key that one caller follows at once; after them it is told to ask again. */
const MOST_TURNS = 8;
const PENDING: Filled = { outcome: "pending" };

/** `found`: a response is there by now. */
type Filled = { outcome: "found"; response: SharedResponse } | Exclude<CacheLookup, { outcome: "hit" }>;

interface Parts {
  clock: Pick<Clock, "monotonicMs">;
  shared: SharedResponses;
  copies: NearCopies;
  /** Of this node: they stand for leases that any caller has, so that its own callers can wait within its bounds. */
  leases: FillLeases;
}

/** Fill leases over all nodes: one caller computes, the others wait where they are and are told by news. */
export class FleetFills {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A lease to fill a stale response; null when another caller has it. @throws {AppError} `lease-expired`. */
  async ofStale(namespace: string, key: string, { leaseMs = LEASE_MS, token }: FillRequest): Promise<string | null> {
    const lease = await this.#parts.shared.lease({ namespace, key, leaseMs, token });
    return lease.outcome === "lease" ? lease.token : null;
  }

  /** Of a missing one: a lease, or the response once another caller has put it. @throws {AppError} `lease-expired`. */
  async ofMissing(namespace: string, key: string, fill: FillRequest): Promise<Filled> {
    const { clock, copies } = this.#parts;
    const untilMs = clock.monotonicMs() + fill.waitMs;
    /** The lease of this node that this caller has: it asks for all who wait here. */
    let own: string | undefined;
    for (let turns = 0; turns < MOST_TURNS; ) {
      const step = await copies.during(namespace, key, async (watch) => {
        const lease = await this.#ask(namespace, key, fill);
        if (lease.outcome !== "pending") return lease;
        // What it waits for was told while the answer was under way.
        return watch.isTold ? null : this.#wait(fullKey(namespace, key), lease.leftMs, own, untilMs, fill);
      });
      if (step?.outcome === "again") continue;
      turns++;
      if (step === null) continue;
      if (step.outcome === "own") own = step.token;
      else if (step.outcome !== "there" && step.outcome !== "filled") return toLookup(step);
      else {
        const response = await copies.read(namespace, key);
        if (response !== null) return { outcome: "found", response };
        // The value that was waited for is not to be kept.
        if (step.outcome === "filled") return PENDING;
      }
    }
    return PENDING;
  }

  #ask(namespace: string, key: string, { leaseMs = LEASE_MS, token }: FillRequest): Promise<SharedLease> {
    return this.#parts.shared.lease({ namespace, key, leaseMs, token });
  }

  /** Waits for news, for the end of the lease that another caller has, or for the caller's own time. */
  async #wait(
    full: string,
    leftMs: number,
    own: string | undefined,
    untilMs: number,
    { signal }: FillRequest,
  ): Promise<Waited> {
    const { clock, copies, leases } = this.#parts;
    const startedAtMs = clock.monotonicMs();
    const leftOfWaitMs = untilMs - startedAtMs;
    if (leftOfWaitMs <= 0) return { outcome: "pending" };
    if (own === undefined || !leases.renew(full, own, leftMs)) leases.acquire(full, leftMs);
    // No room for another one.
    if (!leases.isHeld(full)) return { outcome: "pending" };
    const waitMs = copies.isUsable ? leftOfWaitMs : Math.min(LOOK_MS, leftOfWaitMs);
    const waited = await leases.wait(full, { waitMs, signal, leaseMs: leftMs });
    if (waited.outcome === "lease") return { outcome: "own", token: waited.token };
    const isEarly = waitMs < leftOfWaitMs && clock.monotonicMs() - startedAtMs >= waitMs;
    return waited.outcome === "pending" && isEarly ? { outcome: "again" } : waited;
  }
}

/** `again`: look whether news are missing. `own`: this caller asks for all who wait here. */
type Waited = { outcome: "pending" } | { outcome: "filled" } | { outcome: "again" } | { outcome: "own"; token: string };
type Ended = { outcome: "lease"; token: string } | { outcome: "pending" } | { outcome: "full" };

function toLookup(step: Ended): Filled {
  if (step.outcome === "lease") return { outcome: "lease", token: step.token };
  // Where there is no room for a lease, the caller may fill unasked.
  return { outcome: step.outcome === "full" ? "miss" : "pending" };
}
