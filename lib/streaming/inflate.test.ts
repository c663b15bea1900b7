import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type ContentEncoding, inflated } from "./inflate.ts";

const ENCODINGS: [ContentEncoding, (bytes: Uint8Array) => Buffer][] = [
  ["gzip", gzipSync],
  ["br", brotliCompressSync],
  ["deflate", deflateSync],
];

const PARTS = ["first\n".repeat(5), "", "second é\n".repeat(30_000), "third\n"].map((text) => Buffer.from(text));
const WHOLE = Buffer.concat(PARTS).toString();

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Uint8Array, encoding: ContentEncoding, size: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of inflated(pieces(bytes, size), encoding)) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks).toString();
}

describe("a compressed body", () => {
  it.each(ENCODINGS)("of several %s streams is read to its end, however it is cut", async (encoding, compress) => {
    const streams = PARTS.map(compress);
    const joined = Buffer.concat(streams);
    const first = streams[0]?.length ?? 0;
    for (const size of [joined.length, first, first + 1, first - 1, 7])
      expect(await read(joined, encoding, size), `in pieces of ${size}`).toBe(WHOLE);
    if (joined.length < 2000) expect(await read(joined, encoding, 1)).toBe(WHOLE);
  });

  it("of gzip members goes on behind zero padding, and may end with it", async () => {
    const padding = Buffer.alloc(512);
    const joined = Buffer.concat(PARTS.flatMap((part) => [gzipSync(part), padding]));
    for (const size of [joined.length, 512, 100, 1]) expect(await read(joined, "gzip", size)).toBe(WHOLE);
  });

  it.each(ENCODINGS)(
    "of %s with other bytes behind its end is refused, and where they are told",
    async (encoding, compress) => {
      const stream = compress(Buffer.from("first\n"));
      for (const rest of ["garbage that is no compressed stream at all", "\0\0\0\0more"]) {
        const body = Buffer.concat([stream, Buffer.from(rest)]);
        for (const size of [body.length, stream.length, 3]) {
          const error = await read(body, encoding, size).catch((thrown: unknown) => thrown);
          expect(error).toMatchObject({ code: "malformed-request" });
          // What follows may be how a stream begins.
          const [, from = 0, to] = /(?:between offset (\d+) and|early, at offset) (\d+)\./.exec(String(error)) ?? [];
          expect(Number(from)).toBeLessThanOrEqual(stream.length + 4);
          expect(Number(to)).toBeGreaterThan(stream.length);
        }
      }
    },
  );

  it.each(ENCODINGS)("of %s that ends in the middle is refused, in a later stream too", async (encoding, compress) => {
    const stream = compress(Buffer.from("first\n".repeat(1000)));
    const cut = stream.subarray(0, -3);
    for (const body of [cut, Buffer.concat([stream, cut])])
      for (const size of [body.length, 5])
        await expect(read(body, encoding, size)).rejects.toMatchObject({ code: "malformed-request" });
  });

  it.each(ENCODINGS)("of %s passes on what its source fails with", async (encoding, compress) => {
    const stream = compress(Buffer.from("first\n"));
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield stream;
      throw new Error("the client went away");
    }
    const reading = (async () => {
      for await (const _ of inflated(broken(), encoding));
    })();
    await expect(reading).rejects.toThrow("the client went away");
  });

  it.each(ENCODINGS)("of %s without a byte is refused: not even an empty file is that short", async (encoding) => {
    await expect(read(Buffer.alloc(0), encoding, 1)).rejects.toMatchObject({ code: "malformed-request" });
  });
});
