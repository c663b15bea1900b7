import { describe, expect, it } from "vitest";
import { ByteQueue } from "./byte-queue.ts";
import { decoderNeed, HAS_ZSTD, inflated } from "./inflate.ts";
import { ZSTD_FRAMES, ZSTD_SKIPPABLE } from "./zstd.fixture.ts";
import { frameBytes, skipToFrame } from "./zstd-frames.ts";

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const queueOf = (bytes: Uint8Array, size = 1000) => new ByteQueue(pieces(bytes, size));

async function read(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(Uint8Array.from(chunk));
  return Buffer.concat(all);
}

const BODY = Buffer.concat([ZSTD_SKIPPABLE, ...ZSTD_FRAMES.flatMap(({ bytes }) => [bytes, ZSTD_SKIPPABLE])]);
const TEXT = ZSTD_FRAMES.map(({ text }) => text).join("");
const SIZES = [1, 3, 7, 44, BODY.length];

describe("a body of zstd frames", () => {
  it.each(SIZES)("is parted where each ends, skippable ones passed over, in pieces of %i bytes", async (size) => {
    const input = queueOf(BODY, size);
    for (const { bytes } of ZSTD_FRAMES) {
      await skipToFrame(input);
      expect(await read(frameBytes(input))).toEqual(bytes);
    }
    await skipToFrame(input);
    expect([await input.next(), input.takenBytes]).toEqual([null, BODY.length]);
  });

  it.each(ZSTD_FRAMES)("tells what each takes before it is inflated: one $name", async ({ bytes, windowBytes }) => {
    const none = await decoderNeed(queueOf(Buffer.from("28b52ffd2000010000", "hex")), "zstd");
    const input = queueOf(Buffer.concat([ZSTD_SKIPPABLE, bytes]));
    expect((await decoderNeed(input, "zstd")) - none).toBe(windowBytes);
    expect(await input.next()).toEqual(bytes);
  });

  it("is inflated whole where Node has zstd, however it is cut, and is not begun where it has not", async () => {
    const asked: number[] = [];
    for (const size of SIZES) {
      const reading = read(inflated(pieces(BODY, size), "zstd", (bytes) => asked.push(bytes)));
      if (HAS_ZSTD) expect((await reading).toString()).toBe(TEXT);
      else await expect(reading).rejects.toThrow("this Node has no zstd");
    }
    expect(asked.length).toBe(SIZES.length * (HAS_ZSTD ? ZSTD_FRAMES.length : 1));
  });

  it("is refused with the offset where it is cut, whatever is missing", async () => {
    for (const { bytes } of [...ZSTD_FRAMES, { bytes: ZSTD_SKIPPABLE }])
      for (const kept of [1, 4, 5, 6, 8, 10, bytes.length - 1]) {
        const input = queueOf(bytes.subarray(0, kept), 4);
        const reading = (async () => {
          await skipToFrame(input);
          await read(frameBytes(input));
        })();
        await expect(reading, `${kept} of ${bytes.length}`).rejects.toMatchObject({
          code: "malformed-request",
          message: `The body ends too early at offset ${kept}.`,
        });
      }
  });

  it("is refused with the offset where something else follows a frame", async () => {
    const [{ bytes } = { bytes: Buffer.alloc(0) }] = ZSTD_FRAMES;
    for (const rest of ["garbage", "\0\0\0\0\0", '{"id":9}\n']) {
      const input = queueOf(Buffer.concat([bytes, Buffer.from(rest)]));
      await read(frameBytes(input));
      await skipToFrame(input);
      await expect(read(frameBytes(input))).rejects.toMatchObject({
        code: "malformed-request",
        message: `The body is not valid zstd at offset ${bytes.length}.`,
      });
    }
  });
});
