import { AppError } from "../shared/errors.ts";
import type { ByteQueue } from "./byte-queue.ts";

// Where zstd's frames begin and end, without inflating them. Node's decoder drops the second of two frames that came in one piece (22
// and 24), takes a cut one for whole (22), and says nothing of the windows of later ones. RFC 8878 gives each its length. See findings/zstd-joined-frames.sh and zstd-cut-frame.sh.

const FRAME = 0xfd2fb528;
/** Of frames that carry no data of the body: the last digit is free. */
const SKIPPABLE = 0x184d2a50;
const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
/** Block types, of which one has a single byte however long it is. */
const [RLE, RESERVED] = [1, 3];

/** Passes over skippable frames: before a frame, or the body's end. @throws {AppError} `malformed-request` for one that is cut. */
export async function skipToFrame(input: ByteQueue): Promise<void> {
  for (;;) {
    const head = await input.peek(MAGIC_BYTES + 4);
    if (head.length < MAGIC_BYTES || (read(head, 0, 4) & 0xfffffff0) >>> 0 !== SKIPPABLE) return;
    for await (const _ of take(input, head.length < 8 ? 8 : 8 + read(head, 4, 4)));
  }
}

/** The bytes of the frame that comes next, in the pieces that they come in. @throws {AppError} `malformed-request` for no whole one. */
export async function* frameBytes(input: ByteQueue): AsyncGenerator<Uint8Array> {
  const head = await input.peek(MAGIC_BYTES + 1);
  if (head.length >= MAGIC_BYTES && read(head, 0, 4) !== FRAME) throw malformed("is not valid zstd", input);
  const descriptor = head[MAGIC_BYTES] ?? 0;
  yield* take(input, headerBytes(descriptor));
  for (let last = false; !last; ) {
    const header = await input.peek(BLOCK_HEADER_BYTES);
    const block = read(header, 0, header.length);
    const type = (block >> 1) & 3;
    if (header.length === BLOCK_HEADER_BYTES && type === RESERVED) throw malformed("is not valid zstd", input);
    last = (block & 1) === 1;
    yield* take(input, BLOCK_HEADER_BYTES + (type === RLE ? 1 : block >> 3));
  }
  if (descriptor & 4) yield* take(input, CHECKSUM_BYTES);
}

function headerBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeFlag = descriptor >> 6;
  const size = sizeFlag === 0 ? Number(isSingleSegment) : 2 ** sizeFlag;
  return MAGIC_BYTES + 1 + (isSingleSegment ? 0 : 1) + dictionary + size;
}

async function* take(input: ByteQueue, count: number): AsyncGenerator<Uint8Array> {
  for (let left = count; left > 0; ) {
    const chunk = await input.next();
    if (!chunk) throw malformed("ends too early", input);
    if (chunk.length > left) input.putBack(chunk.subarray(left));
    yield chunk.subarray(0, left);
    left -= Math.min(left, chunk.length);
  }
}

const malformed = (problem: string, { takenBytes }: ByteQueue): AppError =>
  new AppError("malformed-request", `The body ${problem} at offset ${takenBytes}.`);

/** A whole number, little-endian. */
function read(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let index = count - 1; index >= 0; index--) value = value * 256 + (bytes[at + index] ?? 0);
  return value;
}
