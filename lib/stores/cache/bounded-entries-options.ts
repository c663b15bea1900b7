import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { Clock } from "../../shared/clock.ts";
import type { RemovalCause as EveryCause } from "../core/store-counters.ts";
import type { PolicySetting } from "./eviction/policy-setting.ts";
import type { FairEviction } from "./fair-eviction.ts";

/** Nothing that is evicted here is kept elsewhere. */
export type RemovalCause = Exclude<EveryCause, "spilled">;

/** `too-large`: it can never fit. `no-memory`: the ledger refuses, and this store holds too little to make room by itself. */
export type SetOutcome = "added" | "replaced" | "too-large" | "no-memory";

export interface BoundedEntriesOptions<V> {
  maxItems: number;
  /** Of everything: what `set` was told of the entries, and the index. */
  maxBytes: number;
  policy: PolicySetting;
  clock: Clock;
  account: MemoryAccount;
  /** Of the key hash; drawn at random unless a simulation wants to repeat itself. */
  seed?: number;
  /** Of values that belong to namespaces: none is pushed out below its share by another. */
  fair?: FairEviction<V>;
  /** Called after an entry has gone, whatever the cause; must not call back into the store. */
  onRemoved?: (value: V, cause: RemovalCause, key: string) => void;
}
