import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { ResponseCache } from "./response-cache.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const ENTRIES = 30_000;
const yielder = { spent: false, yield: () => Promise.resolve() };

/** Slabs are not in `arrayBuffers` (in `external` they are from Node 24 on): the arena counts their pages, exactly; V8 the heap. */
function heldBytes(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe("the bytes that the cache claims", () => {
  it.each([
    ["ASCII", "key", 200],
    ["é", "clé", 200],
    ["CJK", "缓存", 4_000],
    ["emoji", "🗝️", 4_000],
  ])("are within 10 %% of what it holds, for keys in %s", async (_name, prefix, size) => {
    // A real clock's times are fractions, which V8 holds as objects of their own.
    const clock = new FakeClock();
    clock.advance(0.25);
    const cache = new ResponseCache({
      decoders: new TestAccount(),
      maxItems: ENTRIES,
      maxBytes: 1e9,
      ttlMs: 1e6,
      policy: "auto",
      clock,
      account: new TestAccount(),
      maxBodyBytes: 1e6,
      compression: false,
      createYielder: () => yielder,
    });
    const put = (i: number) =>
      cache.put({
        namespace: "default",
        key: `${prefix}/${i}`,
        body: Buffer.alloc(size, i & 255),
        encoding: "identity",
        mediaType: "application/json",
        tags: ["tag"],
      });
    for (let i = 0; i < 100; i += 1) await put(i);
    const [claimedBefore, heldBefore] = [cache.bytes, heldBytes()];
    for (let i = 100; i < ENTRIES; i += 1) await put(i);
    const claimed = cache.bytes - claimedBefore;
    // A block is the body, its header of 8 bytes, and at most 3 of padding; a handle takes 12.
    const held = heldBytes() - heldBefore + (ENTRIES - 100) * (Math.ceil(size / 4) * 4 + 8 + 12);
    expect(claimed / held).toBeGreaterThan(0.9);
    expect(claimed / held).toBeLessThan(1.1);
    cache.close();
  });
});
