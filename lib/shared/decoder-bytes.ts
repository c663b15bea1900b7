import { MIB } from "./bytes.ts";

/** Compressed formats whose decoders we run. */
export type DecodedEncoding = "gzip" | "deflate" | "br" | "zstd";

const KIB = 1024;
/** zlib's window of 32 KiB, its state, and Node's chunk of output. Measured: 51 KB. */
const DEFLATE_BYTES = 64 * KIB;
/**
 * Brotli's Huffman tables and state, without its window. Ordinary bodies need 0.1–0.3 MB; the format allows 256 tables
 * of each of three kinds, and a hostile body may request all of them. Also covers the copy while the window grows, in
 * at most four threads.
 */
const BROTLI_TABLES_BYTES = 4 * MIB;
/** zstd's context, and one block on each side of its window. */
const ZSTD_CONTEXT_BYTES = 512 * KIB;
/** Node's decoder refuses a larger window. */
const ZSTD_MOST_WINDOW_BYTES = 128 * MIB;
const ZSTD_MAGIC = 0xfd2fb528;

/** How many bytes of a body's beginning `decoderBytes` looks at. */
export const DECODER_HEAD_BYTES: Readonly<Record<DecodedEncoding, number>> = { gzip: 0, deflate: 0, br: 1, zstd: 18 };

/**
 * Memory that the decoder of a body may take outside the heap, its window included.
 *
 * @param head the body's first `DECODER_HEAD_BYTES` bytes, or all of a shorter one.
 */
export function decoderBytes(encoding: DecodedEncoding, head: Uint8Array): number {
  if (encoding === "br") return brotliWindow(head[0] ?? 0) + BROTLI_TABLES_BYTES;
  if (encoding === "zstd") return zstdWindow(head) + ZSTD_CONTEXT_BYTES;
  return DEFLATE_BYTES;
}

/** WBITS stands in the first one, four or seven bits. @see https://www.rfc-editor.org/rfc/rfc7932#section-9.1 */
function brotliWindow(first: number): number {
  const four = (first >> 1) & 7;
  const seven = (first >> 4) & 7;
  if ((first & 1) === 0) return 2 ** 16;
  if (four !== 0) return 2 ** (17 + four);
  // 1 is reserved: the decoder ends there.
  return seven < 2 ? 2 ** 17 : 2 ** (8 + seven);
}

/**
 * The frame's window, or its whole content where that is one segment. @see
 * https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1
 */
function zstdWindow(head: Uint8Array): number {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  // A skippable frame does not describe the next one, and a cut header describes nothing: assume the largest window.
  if (head.length < 6 || view.getUint32(0, true) !== ZSTD_MAGIC) return ZSTD_MOST_WINDOW_BYTES;
  const descriptor = view.getUint8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if (!isSingleSegment) {
    const byte = view.getUint8(5);
    const base = 2 ** (10 + (byte >> 3));
    return Math.min(ZSTD_MOST_WINDOW_BYTES, base + (base / 8) * (byte & 7));
  }
  const at = 5 + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  return Math.min(ZSTD_MOST_WINDOW_BYTES, contentSize(view, at, descriptor >> 6));
}

function contentSize(view: DataView, at: number, sizeFlag: number): number {
  const width = 2 ** sizeFlag;
  if (at + width > view.byteLength) return ZSTD_MOST_WINDOW_BYTES;
  if (sizeFlag === 0) return view.getUint8(at);
  if (sizeFlag === 1) return view.getUint16(at, true) + 256;
  return sizeFlag === 2 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}
