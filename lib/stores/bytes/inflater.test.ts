import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Inflater } from "./inflater.ts";

const dictionary = Buffer.from("memory bounded session answer vector context ".repeat(40));
const options = { windowBits: 15, dictionary };
const pack = (raw: Uint8Array) => deflateRawSync(raw, options);
const value = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 40_000 }),
  fc.string({ minLength: 1, unit: "grapheme" }).map((text) => Buffer.from(`session answer ${text} vector context`)),
);

describe("Inflater", () => {
  it("gives back each value, one after another, in whatever order", () => {
    const inflater = new Inflater(options);
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), (values) => {
        for (const raw of values) expect(inflater.inflate(pack(raw), raw.length).equals(raw)).toBe(true);
      }),
    );
  });

  it("keeps its window from no value: what it gives back is the caller's own", () => {
    const inflater = new Inflater(options);
    const [first, second] = [Buffer.from("one session"), Buffer.from("two vectors")];
    const one = inflater.inflate(pack(first), first.length);
    inflater.inflate(pack(second), second.length);
    expect(one.equals(first)).toBe(true);
    expect(one.buffer.byteLength).toBe(one.length);
  });

  it.each([
    ["damaged", (packed: Buffer) => packed.fill(0xff, 0, 3), 0],
    ["cut off", (packed: Buffer) => packed.subarray(0, packed.length - 2), 0],
    ["longer than said", (packed: Buffer) => packed, -1],
    ["shorter than said", (packed: Buffer) => packed, 1],
  ])("refuses a value that is %s, and reads the next one", (_, spoil, more) => {
    const inflater = new Inflater(options);
    const raw = Buffer.from("session answer ".repeat(50));
    expect(() => inflater.inflate(spoil(pack(raw)), raw.length + more)).toThrow();
    expect(inflater.inflate(pack(raw), raw.length).equals(raw)).toBe(true);
    expect(() => inflater.inflate(spoil(pack(raw)), raw.length + more)).toThrow();
  });
});
