import { brotliCompressSync, constants } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DECODER_HEAD_BYTES, decoderBytes } from "./decoder-bytes.ts";

const MIB = 1024 * 1024;
const headOf = (bytes: Uint8Array, encoding: "br" | "zstd") => bytes.subarray(0, DECODER_HEAD_BYTES[encoding]);
const zstdHead = (...rest: number[]) => Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, ...rest]);
const windowOf = (encoding: "br" | "zstd", head: Uint8Array) =>
  decoderBytes(encoding, head) - decoderBytes(encoding, encoding === "br" ? Uint8Array.of(0) : zstdHead(0x20, 0));

describe("a decoder's memory", () => {
  it("is 64 KiB for gzip and deflate, whatever the body", () => {
    expect(decoderBytes("gzip", new Uint8Array())).toBe(64 * 1024);
    expect(decoderBytes("deflate", Uint8Array.of(0x78))).toBe(64 * 1024);
  });

  it.each(Array.from({ length: 15 }, (_, at) => at + 10))("follows brotli's window of 2^%i bytes", (windowBits) => {
    const params = { [constants.BROTLI_PARAM_LGWIN]: windowBits, [constants.BROTLI_PARAM_QUALITY]: 5 };
    // Larger than every window, so that the encoder does not choose a smaller one for it.
    const body = brotliCompressSync(new Uint8Array(17 * MIB), { params });
    expect(windowOf("br", headOf(body, "br"))).toBe(2 ** windowBits - 2 ** 16);
  });

  it("is the largest that is decoded for zstd where the header does not tell, never more", () => {
    const most = decoderBytes("zstd", new Uint8Array());
    expect(most).toBeGreaterThanOrEqual(128 * MIB);
    expect(decoderBytes("zstd", Uint8Array.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0]))).toBe(most);
    expect(decoderBytes("zstd", zstdHead(0x00, 0xff))).toBe(most);
    expect(decoderBytes("zstd", zstdHead(0xe0, 255, 255, 255, 255, 255, 255, 255, 255))).toBe(most);
  });

  it("follows zstd's window descriptor, or the content's size of a single segment", () => {
    expect(windowOf("zstd", zstdHead(0x00, (13 << 3) | 0))).toBe(8 * MIB);
    expect(windowOf("zstd", zstdHead(0x00, (13 << 3) | 4))).toBe(12 * MIB);
    expect(windowOf("zstd", zstdHead(0x20, 200))).toBe(200);
    expect(windowOf("zstd", zstdHead(0x60, 1, 0))).toBe(257);
    expect(windowOf("zstd", zstdHead(0xa3, 9, 9, 9, 9, 0, 0, 16, 0))).toBe(MIB);
  });
});
