import { inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packText, unpackText } from "./document-text.ts";

/** Lone surrogates have no UTF-8 form: the API refuses them before they come here. */
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 4_000 }),
  fc.tuple(fc.string({ unit: "grapheme", minLength: 1 }), fc.nat(4_000)).map(([part, times]) => part.repeat(times)),
);

describe("a packed text", () => {
  it("comes back as it went in, whatever its length and however badly it shrinks", async () => {
    await fc.assert(
      fc.asyncProperty(text, async (given) => {
        expect(await unpackText(await packText(given))).toBe(given);
      }),
    );
  });

  it("is raw deflate to any reader, and takes a place in Buffer's pool where zlib would take 16 KiB", async () => {
    const given =
      "The boundary layer on a flat plate grows with the root of the distance from its leading edge. ".repeat(9);
    const packed = await packText(given);
    expect(inflateRawSync(packed).toString("utf8")).toBe(given);
    // From Node 26 on the pool's block has 64 bytes more, to begin on a line of the processor's cache.
    expect(packed.buffer.byteLength).toBeLessThanOrEqual(Buffer.poolSize + 64);
  });
});
