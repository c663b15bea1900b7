import { promisify } from "node:util";
import { deflateRaw, inflateRaw, type ZlibOptions } from "node:zlib";

const deflate = promisify<Uint8Array, ZlibOptions, Buffer>(deflateRaw);
const inflate = promisify<Uint8Array, Buffer>(inflateRaw);

/** zlib's own piece of output, where nothing is said. */
const LARGEST_PIECE = 16 * 1024;
const SMALLEST_PIECE = 64;
const [SMALLEST_WINDOW, LARGEST_WINDOW] = [9, 15];

/** A document's text as its row keeps it. The window and the output are no larger than the text needs: for 1 KB zlib would take 280. */
export function packText(text: string): Promise<Uint8Array> {
  const plain = Buffer.from(text);
  // Prose halves. What needs more comes in a second piece, and is put together.
  const chunkSize = Math.min(LARGEST_PIECE, Math.max(SMALLEST_PIECE, Math.ceil(plain.length * 0.6)));
  const bits = Math.ceil(Math.log2(plain.length + 1));
  const windowBits = Math.min(LARGEST_WINDOW, Math.max(SMALLEST_WINDOW, bits));
  return deflate(plain, { level: 1, windowBits, chunkSize });
}

export async function unpackText(packed: Uint8Array): Promise<string> {
  return (await inflate(packed)).toString("utf8");
}
