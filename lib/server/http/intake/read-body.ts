import { AppError } from "../../../shared/errors.ts";

const NOTHING = new Uint8Array(0);

/**
 * The request's body, at most `maxBytes` of it. A declared length over the limit is refused before a byte is read.
 *
 * @param encodings that the caller can bound, since a bomb of 200 bytes inflates to 256 MB.
 * @throws {AppError} `body-too-large`; `unsupported-media-type` for a body in another encoding.
 */
export async function readBody(
  request: Request,
  maxBytes: number,
  encodings: readonly string[] = ["identity"],
): Promise<Uint8Array> {
  const encoding = request.headers.get("content-encoding")?.toLowerCase() ?? "identity";
  if (!encodings.includes(encoding)) {
    throw new AppError("unsupported-media-type", `Send the body as ${encodings.join(", ")}.`, {
      headers: { "Accept-Encoding": encodings.join(", ") },
    });
  }
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > maxBytes) throw tooLarge(maxBytes);
  // Node's parser enforces a declared length, so the body can be read at once. This must precede any access to `body`:
  // it creates a stream and an abort controller, 40 KB of garbage per request that weak references carry into the old
  // heap.
  if (declared !== null) return new Uint8Array(await request.arrayBuffer().catch(cutShort));
  if (request.body === null) return NOTHING;
  return readChunks(request.body, maxBytes).catch(cutShort);
}

async function readChunks(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // The throw leaves the loop and cancels the stream.
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** A client that disconnected reads no response; the log shows a client error, not a server failure. */
function cutShort(cause: unknown): never {
  if (cause instanceof AppError) throw cause;
  throw new AppError("malformed-request", "The connection closed before the whole body had arrived.", { cause });
}

function tooLarge(maxBytes: number): AppError {
  // The rest is not read, so the connection cannot be reused.
  return new AppError("body-too-large", `The body must be at most ${maxBytes} bytes.`, {
    headers: { Connection: "close" },
  });
}
