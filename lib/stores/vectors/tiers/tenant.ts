/** A namespace that has not used its vectors for this long has no claim to memory: what it holds is the first to go. */
const IDLE_MS = 600_000;

/** The oldest and the newest of a namespace's hot vectors, as handles; -1 where there are none. */
export interface UseOrder {
  newest: number;
  oldest: number;
  count: number;
}

/** A namespace with collections in memory, and what these hold. */
export class Tenant {
  readonly hot: UseOrder = { newest: -1, oldest: -1, count: 0 };
  bytes = 0;
  codes = 0;
  collections = 0;
  usedAtMs: number;

  constructor(nowMs: number) {
    this.usedAtMs = nowMs;
  }
}

/**
 * Whose vectors go first where `bound` is to hold for all together: each namespace in use has an equal share of it, and the one that is furthest
 * beyond its own gives. O(tenants).
 *
 * @param held what counts of a tenant; those that hold nothing are asked for nothing.
 */
export function furthestBeyondShare(
  tenants: Iterable<Tenant>,
  held: (tenant: Tenant) => number,
  bound: number,
  nowMs: number,
): Tenant | null {
  const isIdle = (tenant: Tenant) => nowMs - tenant.usedAtMs > IDLE_MS;
  const holding = [...tenants].filter((tenant) => held(tenant) > 0);
  const share = bound / Math.max(1, holding.filter((tenant) => !isIdle(tenant)).length);
  let furthest: Tenant | null = null;
  let most = Number.NEGATIVE_INFINITY;
  for (const tenant of holding) {
    const beyond = held(tenant) - (isIdle(tenant) ? 0 : share);
    if (beyond <= most) continue;
    furthest = tenant;
    most = beyond;
  }
  return furthest;
}
