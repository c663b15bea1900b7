import { describe, expect, it } from "vitest";
import { readSome } from "./read-some.ts";

/** Three bytes at a time, for as long as it is read. */
function endless() {
  const state = { chunks: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      state.chunks += 1;
      controller.enqueue(new Uint8Array([1, 2, 3]));
    },
    cancel() {
      state.cancelled = true;
    },
  });
  return { response: new Response(body), state };
}

describe("readSome", () => {
  it("reads an answer to its end when it is short", async () => {
    expect(await readSome(new Response("abc"), 3)).toEqual({ bytes: new TextEncoder().encode("abc"), cut: false });
    expect(await readSome(new Response(null), 3)).toEqual({ bytes: new Uint8Array(), cut: false });
  });
  it("stops an answer without end after the bytes that are shown", async () => {
    const { response, state } = endless();
    const { bytes, cut } = await readSome(response, 7);
    expect([[...bytes], cut]).toEqual([[1, 2, 3, 1, 2, 3, 1], true]);
    expect(state.cancelled).toBe(true);
    expect(state.chunks).toBeLessThan(6);
  });
});
