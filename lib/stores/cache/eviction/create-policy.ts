import type { OrderedPolicy, PolicyName } from "./eviction-policy.ts";
import { LruPolicy } from "./lru.ts";
import { S3FifoPolicy } from "./s3-fifo.ts";
import { TinyLfuPolicy } from "./tiny-lfu.ts";

export function createPolicy(name: PolicyName, slots: number): OrderedPolicy {
  if (name === "lru") return new LruPolicy(slots);
  return name === "s3-fifo" ? new S3FifoPolicy(slots) : new TinyLfuPolicy(slots);
}

/** What `createPolicy(name, slots)` holds in typed arrays. */
export function policyBytes(name: PolicyName, slots: number): number {
  if (name === "lru") return LruPolicy.bytesFor(slots);
  return name === "s3-fifo" ? S3FifoPolicy.bytesFor(slots) : TinyLfuPolicy.bytesFor(slots);
}
