import type { MemoryAccount } from "../../lib/ports/memory-account.ts";
import { BoundedEntries } from "../../lib/stores/cache/bounded-entries.ts";
import type { PolicySetting } from "../../lib/stores/cache/eviction/policy-setting.ts";
import { FakeClock } from "../../lib/testing/fake-clock.ts";
import type { Trace } from "./traces.ts";

export function unlimitedAccount(): MemoryAccount {
  let grantedBytes = 0;
  return {
    component: "cache",
    ceilingBytes: Number.MAX_SAFE_INTEGER,
    get grantedBytes() {
      return grantedBytes;
    },
    tryReserve(bytes) {
      grantedBytes += bytes;
      return true;
    },
    release(bytes) {
      if (bytes > grantedBytes) throw new RangeError("more given back than was granted");
      grantedBytes -= bytes;
    },
  };
}

/** Hits of the store itself, not of a model of it: a miss is filled at once. */
export function storeHits(trace: Trace, policy: PolicySetting): number {
  const store = new BoundedEntries<true>({
    maxItems: trace.entries,
    maxBytes: 2 ** 40,
    policy,
    clock: new FakeClock(),
    account: unlimitedAccount(),
    seed: 1,
  });
  for (const key of trace.keys) {
    const name = `k${key}`;
    if (store.get(name) === undefined) store.set(name, true, 1, 1e9);
  }
  return store.counters.snapshot().hits;
}
