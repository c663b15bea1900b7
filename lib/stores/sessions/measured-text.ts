import { KIB } from "../../shared/bytes.ts";

/** JSON, and its length as UTF-8. */
export interface MeasuredText {
  text: string;
  bytes: number;
}

/** Where texts are encoded; a larger one gets a buffer of its own. */
const SCRATCH = Buffer.allocUnsafeSlow(64 * KIB);

/**
 * The text as UTF-8, valid until the next one is encoded: it is on its way into a slab. A buffer for each change would be garbage
 * outside of the heap until the next collection, and cost more than all the rest of storing 2 KB.
 */
export function encoded({ text, bytes }: MeasuredText): Uint8Array {
  const target = bytes <= SCRATCH.length ? SCRATCH : Buffer.allocUnsafeSlow(bytes);
  // A byte for each character: it is ASCII, and copied as it is.
  target.write(text, 0, bytes, bytes === text.length ? "latin1" : "utf8");
  return target.subarray(0, bytes);
}
