/** Float32 values. */
import { INPUT } from "./layout.as";

/** True when no 32-bit word from `from` (whole words, any alignment) up to `length` is an infinity or a NaN. */
export function allFinite(from: u32, length: u32): bool {
  const exponent = i32x4.splat(0x7f800000);
  let at = INPUT + from;
  const end = INPUT + length;
  let bad = i32x4.splat(0);
  while (at + 16 <= end) {
    bad = v128.or(bad, i32x4.eq(v128.and(v128.load(at), exponent), exponent));
    at += 16;
  }
  let found = v128.any_true(bad);
  while (at + 4 <= end) {
    if ((load<u32>(at) & 0x7f800000) == 0x7f800000) found = true;
    at += 4;
  }
  return !found;
}
