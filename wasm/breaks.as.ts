/** Counts line breaks. */
import { INPUT } from "./layout.as";

/** Blocks after which a count of one byte a lane may be full. */
const BLOCKS: u32 = 255;

/** Line breaks in the window's bytes [from, to). */
export function countBreaks(from: u32, to: u32): u32 {
  const end = INPUT + to;
  const lastBlock = end - 16;
  const newline = i8x16.splat(10);
  let p = INPUT + from;
  let count: u32 = 0;
  while (p <= lastBlock) {
    let lanes = i8x16.splat(0);
    const stop = min(lastBlock, p + (BLOCKS - 1) * 16);
    for (; p <= stop; p += 16) lanes = i8x16.sub(lanes, i8x16.eq(v128.load(p), newline));
    const sums = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(lanes));
    count +=
      i32x4.extract_lane(sums, 0) +
      i32x4.extract_lane(sums, 1) +
      i32x4.extract_lane(sums, 2) +
      i32x4.extract_lane(sums, 3);
  }
  for (; p < end; p++) if (load<u8>(p) == 10) count++;
  return count;
}
