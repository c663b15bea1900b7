import type { Yielder } from "../../ports/bounded-store.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { Quotas } from "../../ports/namespace-quotas.ts";
import type { Clock } from "../../shared/clock.ts";
import type { PolicySetting } from "../cache/eviction/policy-setting.ts";

export interface ResponseCacheOptions {
  maxItems: number;
  maxBytes: number;
  ttlMs: number;
  /** Share of its time to live by which an entry may go early, or without a time of its own late; 0 unless said. */
  ttlJitter?: number;
  policy: PolicySetting;
  clock: Clock;
  account: MemoryAccount;
  quotas?: Quotas;
  /** The largest body that an encoded one may inflate to. */
  maxBodyBytes: number;
  createYielder: () => Yielder;
  /** Grants what inflating a body takes for a moment. */
  decoders: MemoryAccount;
  /** Off: bodies stay as they were put. */
  compression?: boolean;
  random?: () => number;
}

export type CacheBounds = Partial<
  Pick<ResponseCacheOptions, "maxItems" | "maxBytes" | "ttlMs" | "ttlJitter" | "policy" | "maxBodyBytes">
>;
