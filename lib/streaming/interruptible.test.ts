import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { interruptible } from "./interruptible.ts";

describe("interruptible", () => {
  it("throws the reason at once while the source has nothing to give", async () => {
    const abort = new AbortController();
    const never: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
    };
    const reading = (async () => {
      for await (const _ of interruptible(never, abort.signal)) throw new Error("nothing was sent");
    })();
    abort.abort(new Error("cancelled"));
    await expect(reading).rejects.toThrow("cancelled");
  });

  it("holds none of the chunks that have passed", async () => {
    setFlagsFromString("--expose-gc");
    const gc: () => void = runInNewContext("gc");
    // Buffers are released by a task after the collection that found them.
    const collect = async () => {
      for (let round = 0; round < 3; round++) {
        gc();
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    async function* chunks() {
      for (let i = 0; i < 2000; i++) yield new Uint8Array(65_536);
    }
    await collect();
    const before = process.memoryUsage().arrayBuffers;
    let heldAtEnd = 0;
    let seen = 0;
    for await (const _ of interruptible(chunks(), new AbortController().signal)) {
      seen++;
      if (seen < 2000) continue;
      await collect();
      heldAtEnd = process.memoryUsage().arrayBuffers - before;
    }
    expect(seen).toBe(2000);
    expect(heldAtEnd).toBeLessThan(8 * 1024 * 1024);
  });
});
