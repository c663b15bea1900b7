import { promisify } from "node:util";
import {
  brotliCompress,
  brotliDecompress,
  brotliDecompressSync,
  constants,
  gunzip,
  gunzipSync,
  gzip,
  type ZlibOptions,
} from "node:zlib";

/** Below this nothing pays: headers and tables eat the gain. */
const LEAST_BYTES = 256;
/** A compressed body must save a tenth, or it is not worth inflating for those who do not take it. */
const WORTHWHILE = 0.9;
/** Inflating this much takes a fraction of a millisecond: less than a trip through the thread pool. */
const SYNC_BYTES = 64 * 1024;
/**
 * Output comes in pieces of this size, of which only what is written takes memory: from here on the allocator maps each piece by
 * itself, and unmaps it. Smaller ones lie between others on its heap, and leave holes there when thousands are compressed.
 */
const MAPPED_BYTES = 128 * 1024;
/** Kinds that are compressed by their own format. */
const COMPRESSED_KINDS =
  /^(?:image\/(?!svg|bmp)|video\/|audio\/|font\/woff|application\/(?:zip|gzip|zstd|pdf|x-7z|x-bzip|vnd\.openxml))/i;

const compressBrotli = promisify(brotliCompress);
const compressGzip = promisify<Uint8Array, ZlibOptions, Buffer>(gzip);
const inflateBrotli = promisify(brotliDecompress);
const inflateGzip = promisify(gunzip);

export function isWorthCompressing(mediaType: string, bytes: number): boolean {
  return bytes >= LEAST_BYTES && !COMPRESSED_KINDS.test(mediaType);
}

/** The body compressed, or null when that does not pay. Runs on zlib's threads. */
export async function compress(body: Uint8Array, encoding: "gzip" | "br"): Promise<Buffer | null> {
  const compressed =
    encoding === "br"
      ? await compressBrotli(body, brotliOptions(body))
      : await compressGzip(body, { chunkSize: MAPPED_BYTES });
  return compressed.byteLength <= body.byteLength * WORTHWHILE ? compressed : null;
}

/** Quality 5 is where brotli beats gzip's best in both size and time; a window no larger than the body spares its memory. */
function brotliOptions(body: Uint8Array) {
  const windowBits = Math.min(22, Math.max(10, Math.ceil(Math.log2(body.byteLength + 1))));
  return {
    chunkSize: MAPPED_BYTES,
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 5,
      [constants.BROTLI_PARAM_LGWIN]: windowBits,
      [constants.BROTLI_PARAM_SIZE_HINT]: body.byteLength,
    },
  };
}

/** What followed the compressed stream: a reader that stops at its end would give a cut body for a whole one. */
export class TrailingBytesError extends Error {
  override readonly name = "TrailingBytesError";
  readonly offset: number;

  constructor(offset: number) {
    super(`other bytes follow the compressed stream at offset ${offset}`);
    this.offset = offset;
  }
}

/** Whether so little comes out that `inflate` does it in the turn that asks. */
export const isInflatedAtOnce = (identityBytes: number): boolean => identityBytes <= SYNC_BYTES;

/**
 * The body as it was before it was encoded; `identityBytes` bounds the output. Gzip may have several members, and zeros behind the last.
 *
 * @throws {RangeError} with code `ERR_BUFFER_TOO_LARGE` for more, {TrailingBytesError}, and zlib's own errors for damaged input.
 */
export async function inflate(bytes: Uint8Array, encoding: "gzip" | "br", identityBytes: number): Promise<Buffer> {
  const options = { maxOutputLength: Math.max(1, identityBytes), info: true } as const;
  const { buffer, engine } = read(
    isInflatedAtOnce(identityBytes)
      ? (encoding === "br" ? brotliDecompressSync : gunzipSync)(bytes, options)
      : await (encoding === "br" ? inflateBrotli : inflateGzip)(bytes, options),
  );
  const end = engine.bytesWritten;
  const padded = encoding === "gzip" && bytes.subarray(end).every((byte) => byte === 0);
  if (end < bytes.length && !padded) throw new TrailingBytesError(end);
  return buffer;
}

/** With `info`, zlib also gives the engine, which knows how much of the input it took; Node's types do not say so. */
function read(result: unknown): { buffer: Buffer; engine: { bytesWritten: number } } {
  return result as ReturnType<typeof read>;
}
