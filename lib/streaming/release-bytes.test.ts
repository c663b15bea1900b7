import { describe, expect, it } from "vitest";
import { releaseBytes } from "./release-bytes.ts";

describe("releaseBytes", () => {
  it("frees a chunk that has its memory to itself, at once and without a collection", () => {
    const before = process.memoryUsage().arrayBuffers;
    for (let round = 0; round < 1000; round++) {
      const chunk = new Uint8Array(1024 * 1024).fill(round);
      releaseBytes(chunk);
      expect(chunk.byteLength).toBe(0);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });

  it("leaves alone what is small, shared, or a part of something", () => {
    const whole = new Uint8Array(128 * 1024).fill(7);
    const shared = new Uint8Array(new SharedArrayBuffer(64 * 1024));
    const small = Buffer.from("small");
    for (const chunk of [whole.subarray(0, 64 * 1024), shared, small]) releaseBytes(chunk);
    expect([whole.byteLength, shared.byteLength, small.toString()]).toEqual([128 * 1024, 64 * 1024, "small"]);
  });
});
