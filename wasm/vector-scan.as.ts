// Scans a block of vector codes (lib/stores/vectors/code-plane.ts says how one is laid out).
//
// A code row holds two dimensions in each 16-bit lane: dimension 16g+j in the low byte, 16g+8+j in the high byte. The lane itself,
// multiplied by the query's second eight values, gives 256 x the high part, with the low byte read as a fraction (the encoder has
// subtracted that fraction, so it costs no precision); shifted up by eight it gives 256 x the low part. No widening is needed:
// five vector operations for sixteen values.
//
// Four rows are read at a time, a quarter of the block apart: hardware prefetches four long streams at three times the speed of one.
//
// Writes (slot: i32, score: f32) for each row whose upper bound reaches `threshold`, and returns how many.

export function scan(
  codes: usize,
  stride: usize,
  rows: i32,
  count: i32,
  query: usize,
  scales: usize,
  errors: usize,
  norms: usize,
  queryScale: f32,
  queryReach: f32,
  querySlack: f32,
  bias: f32,
  threshold: f32,
  out: usize,
): i32 {
  let found: i32 = 0;
  const gap = <usize>(rows >> 2) * stride;
  const vScale = f32x4.splat(queryScale),
    vReach = f32x4.splat(queryReach),
    vSlack = f32x4.splat(querySlack);
  const vBias = f32x4.splat(bias),
    vRounding = f32x4.splat(2e-6),
    vThreshold = f32x4.splat(threshold);
  for (let i: i32 = 0; i < count; i += 4) {
    const p0 = codes + <usize>(i >> 2) * stride,
      p1 = p0 + gap,
      p2 = p1 + gap,
      p3 = p2 + gap;
    let a0 = i32x4.splat(0),
      a1 = a0,
      a2 = a0,
      a3 = a0;
    for (let o: usize = 0; o < stride; o += 16) {
      const low = v128.load(query + (o << 1)),
        high = v128.load(query + (o << 1), 16);
      let x = v128.load(p0 + o);
      a0 = i32x4.add(a0, i32x4.add(i32x4.dot_i16x8_s(x, high), i32x4.dot_i16x8_s(i16x8.shl(x, 8), low)));
      x = v128.load(p1 + o);
      a1 = i32x4.add(a1, i32x4.add(i32x4.dot_i16x8_s(x, high), i32x4.dot_i16x8_s(i16x8.shl(x, 8), low)));
      x = v128.load(p2 + o);
      a2 = i32x4.add(a2, i32x4.add(i32x4.dot_i16x8_s(x, high), i32x4.dot_i16x8_s(i16x8.shl(x, 8), low)));
      x = v128.load(p3 + o);
      a3 = i32x4.add(a3, i32x4.add(i32x4.dot_i16x8_s(x, high), i32x4.dot_i16x8_s(i16x8.shl(x, 8), low)));
    }
    // Four rows of four lane sums become one vector of four dot products.
    const f0 = f32x4.convert_i32x4_s(a0),
      f1 = f32x4.convert_i32x4_s(a1),
      f2 = f32x4.convert_i32x4_s(a2),
      f3 = f32x4.convert_i32x4_s(a3);
    const s01 = f32x4.add(v128.shuffle<f32>(f0, f1, 0, 4, 1, 5), v128.shuffle<f32>(f0, f1, 2, 6, 3, 7));
    const s23 = f32x4.add(v128.shuffle<f32>(f2, f3, 0, 4, 1, 5), v128.shuffle<f32>(f2, f3, 2, 6, 3, 7));
    const dots = f32x4.add(v128.shuffle<f64>(s01, s23, 0, 2), v128.shuffle<f64>(s01, s23, 1, 3));
    const at = (<usize>i) << 2;
    const norm = v128.load(norms + at);
    const penalty = f32x4.mul(f32x4.mul(norm, norm), vBias);
    const score = f32x4.sub(f32x4.mul(f32x4.mul(dots, v128.load(scales + at)), vScale), penalty);
    const margin = f32x4.add(
      f32x4.mul(v128.load(errors + at), vReach),
      f32x4.add(f32x4.mul(norm, vSlack), f32x4.mul(penalty, vRounding)),
    );
    let hits = i32x4.bitmask(f32x4.ge(f32x4.add(score, margin), vThreshold));
    while (hits) {
      const lane = ctz(hits);
      hits &= hits - 1;
      if (i + lane < count) {
        const entry = out + ((<usize>found) << 3);
        store<i32>(entry, i + lane);
        store<f32>(
          entry,
          lane == 0
            ? f32x4.extract_lane(score, 0)
            : lane == 1
              ? f32x4.extract_lane(score, 1)
              : lane == 2
                ? f32x4.extract_lane(score, 2)
                : f32x4.extract_lane(score, 3),
          4,
        );
        found++;
      }
    }
  }
  return found;
}
