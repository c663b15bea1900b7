import { autoPolicyBytes, createAutoPolicy, type PolicySize } from "./auto-policy.ts";
import { createPolicy, policyBytes } from "./create-policy.ts";
import type { EvictionPolicy, PolicyName } from "./eviction-policy.ts";

export type PolicySetting = PolicyName | "auto";

export function policyOf(setting: PolicySetting, size: PolicySize, hashOf: (slot: number) => number): EvictionPolicy {
  return setting === "auto" ? createAutoPolicy(size, hashOf) : createPolicy(setting, size.slots);
}

/** What `policyOf` holds in typed arrays. */
export function policyBytesOf(setting: PolicySetting, size: PolicySize): number {
  return setting === "auto" ? autoPolicyBytes(size) : policyBytes(setting, size.slots);
}
