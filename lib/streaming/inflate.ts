import zlib, { type BrotliDecompress, type Gunzip, type Inflate } from "node:zlib";
import { MIB } from "../shared/bytes.ts";
import { DECODER_HEAD_BYTES, type DecodedEncoding, decoderBytes } from "../shared/decoder-bytes.ts";
import { AppError } from "../shared/errors.ts";
import { ByteQueue } from "./byte-queue.ts";
import { frameBytes, skipToFrame } from "./zstd-frames.ts";

export type ContentEncoding = "identity" | DecodedEncoding;

/** Inflated bytes that any body may give, and how many for each byte received beyond: real data stays far below. */
export const INFLATED_ALLOWANCE = 64 * MIB;
export const MAX_INFLATED_RATIO = 250;

type Decoder = Gunzip | Inflate | BrotliDecompress;

/** Node has zstd from 22.15 on, and its types are those of the oldest that is served. */
const createZstdDecompress: unknown = Reflect.get(zlib, "createZstdDecompress");
/** Whether this Node can inflate zstd. */
export const HAS_ZSTD = typeof createZstdDecompress === "function";

/** What the decoder of the stream that comes next may take, its window included. Nothing is taken from `input` but what carries no data. */
export async function decoderNeed(input: ByteQueue, encoding: ContentEncoding): Promise<number> {
  if (encoding === "identity") return 0;
  if (encoding === "zstd") await skipToFrame(input);
  return decoderBytes(encoding, await input.peek(DECODER_HEAD_BYTES[encoding]));
}

/**
 * The body's bytes as they were before the encoding, a chunk at a time. Nothing is held but one chunk on either side.
 *
 * A body may be several compressed streams one after another, as `cat a.gz b.gz` makes them: each is read, and zeros between gzip's
 * members are passed over. Node's decoders stop at the end of the first, and drop what follows without a word.
 *
 * @param admit told what each decoder may take, its window included, before there is one; it throws where that is not to be had.
 * @throws {AppError} `body-too-large` for a body that inflates beyond reason, `malformed-request` with the offset for a broken one.
 */
export async function* inflated(
  source: ByteQueue | AsyncIterable<Uint8Array>,
  encoding: ContentEncoding,
  admit: (decoderBytes: number) => void = () => undefined,
): AsyncGenerator<Uint8Array> {
  if (encoding === "identity") {
    yield* source;
    return;
  }
  const input = source instanceof ByteQueue ? source : new ByteQueue(source);
  let inflatedBytes = 0;
  try {
    do {
      admit(await decoderNeed(input, encoding));
      for await (const chunk of decodeMember(input, encoding)) {
        inflatedBytes += chunk.length;
        if (inflatedBytes > INFLATED_ALLOWANCE + input.takenBytes * MAX_INFLATED_RATIO)
          throw new AppError(
            "body-too-large",
            `The body decompresses to more than ${MAX_INFLATED_RATIO} times its size.`,
          );
        yield chunk;
      }
    } while (await hasMore(input, encoding));
  } finally {
    input.close();
  }
}

async function hasMore(input: ByteQueue, encoding: DecodedEncoding): Promise<boolean> {
  if (encoding === "zstd") await skipToFrame(input);
  // Tape blocks are filled up with zeros.
  const padded = encoding === "gzip";
  for (;;) {
    const chunk = await input.next();
    if (!chunk) return false;
    const start = padded ? chunk.findIndex((byte) => byte !== 0) : 0;
    if (start < 0 || chunk.length === 0) continue;
    input.putBack(chunk.subarray(start));
    return true;
  }
}

/** One compressed stream; what follows it stays in the queue. */
async function* decodeMember(input: ByteQueue, encoding: DecodedEncoding): AsyncGenerator<Uint8Array> {
  const decoder = createDecoder(encoding);
  const piece: Piece = { from: input.takenBytes, to: input.takenBytes };
  const fed = (encoding === "zstd" ? feedFrame : feed)(input, decoder, piece).catch((error: unknown) => {
    decoder.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    yield* decoder as AsyncIterable<Buffer>;
    await fed;
  } catch (error) {
    if (!isZlibError(error)) throw error;
    const problem =
      error.code === "Z_BUF_ERROR"
        ? `ends too early, at offset ${piece.to}`
        : `is not valid ${encoding}: the data breaks between offset ${piece.from} and ${piece.to}`;
    throw new AppError("malformed-request", `The body ${problem}.`, { cause: error });
  } finally {
    decoder.destroy();
  }
}

/** Where the bytes that the decoder was given last begin and end in the body: it does not tell where in them it failed. */
interface Piece {
  from: number;
  to: number;
}

function note(piece: Piece, input: ByteQueue, chunk: Uint8Array): void {
  piece.to = input.takenBytes;
  piece.from = piece.to - chunk.length;
}

/** Gives the decoder a chunk at a time, until its stream or the input has ended. */
async function feed(input: ByteQueue, decoder: Decoder, piece: Piece): Promise<void> {
  for (;;) {
    const chunk = await input.next();
    if (decoder.destroyed) return;
    if (!chunk) {
      decoder.end();
      return;
    }
    note(piece, input, chunk);
    const before = decoder.bytesWritten;
    await write(decoder, chunk);
    const taken = decoder.bytesWritten - before;
    if (taken === chunk.length) continue;
    input.putBack(chunk.subarray(taken));
    return;
  }
}

/** Gives the decoder one frame of zstd, whose end is known. */
async function feedFrame(input: ByteQueue, decoder: Decoder, piece: Piece): Promise<void> {
  for await (const chunk of frameBytes(input)) {
    if (decoder.destroyed) return;
    note(piece, input, chunk);
    await write(decoder, chunk);
  }
  decoder.end();
}

function write(decoder: Decoder, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    // A decoder whose stream is over does not call back for the chunk in which it ended.
    const over = () => resolve();
    decoder.once("close", over).once("end", over);
    decoder.write(chunk, () => {
      decoder.off("close", over).off("end", over);
      resolve();
    });
  });
}

function createDecoder(encoding: DecodedEncoding): Decoder {
  if (encoding === "gzip") return zlib.createGunzip();
  if (encoding === "br") return zlib.createBrotliDecompress();
  if (encoding === "deflate") return zlib.createInflate();
  if (typeof createZstdDecompress !== "function") throw new RangeError("this Node has no zstd");
  return createZstdDecompress();
}

function isZlibError(error: unknown): error is Error & { code: string } {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^(?:Z_|ZSTD_|ERR_BROTLI|ERR_PADDING|ERR__)/.test(code);
}
