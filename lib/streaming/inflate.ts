import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { MIB } from "../shared/bytes.ts";
import { AppError } from "../shared/errors.ts";

export type ContentEncoding = "identity" | "gzip" | "br" | "deflate";

/** Inflated bytes that any body may give, and how many for each byte received beyond: real data stays far below. */
export const INFLATED_ALLOWANCE = 64 * MIB;
export const MAX_INFLATED_RATIO = 250;

/**
 * The body's bytes as they were before the encoding, a chunk at a time. Nothing is held but one chunk on either side.
 *
 * @throws {AppError} `body-too-large` for a body that inflates beyond reason, `malformed-request` for a broken one.
 */
export async function* inflated(
  source: AsyncIterable<Uint8Array>,
  encoding: ContentEncoding,
): AsyncGenerator<Uint8Array> {
  if (encoding === "identity") {
    yield* source;
    return;
  }
  const counts = { received: 0, inflated: 0 };
  const decoder = createDecoder(encoding);
  const meter = new Transform({
    transform(chunk: Uint8Array, _, done) {
      counts.received += chunk.length;
      done(null, chunk);
    },
  });
  const ended = pipeline(Readable.from(source, { objectMode: false }), meter, decoder).catch((error: unknown) => {
    decoder.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      counts.inflated += chunk.length;
      if (counts.inflated > INFLATED_ALLOWANCE + counts.received * MAX_INFLATED_RATIO)
        throw new AppError("body-too-large", `The body inflates more than ${MAX_INFLATED_RATIO} times`);
      yield chunk;
    }
  } catch (error) {
    throw isZlibError(error)
      ? new AppError("malformed-request", `The body is not ${encoding}`, { cause: error })
      : error;
  } finally {
    decoder.destroy();
    await ended;
  }
}

function createDecoder(encoding: Exclude<ContentEncoding, "identity">): Transform {
  if (encoding === "gzip") return createGunzip();
  return encoding === "br" ? createBrotliDecompress() : createInflate();
}

function isZlibError(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return (
    code.startsWith("Z_") ||
    code.startsWith("ERR__ERROR_FORMAT") ||
    code.startsWith("ERR_BROTLI") ||
    code.startsWith("ERR_PADDING")
  );
}
