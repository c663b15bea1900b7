// Scans vector codes (lib/stores/vectors/tiers/code-plane.ts says how a block of them is laid out).
//
// A code row holds two dimensions in each 16-bit lane: dimension 16g+j in the low byte, 16g+8+j in the high byte. The lane itself,
// multiplied by the query's second eight values, gives 256 x the high part, with the low byte read as a fraction (the encoder has
// subtracted that fraction, so it costs no precision); shifted up by eight it gives 256 x the low part. No widening is needed:
// five vector operations for sixteen values.
//
// Four streams of rows are read side by side: hardware prefetches four long streams at three times the speed of one, and the longer
// they are the less it costs to begin them. The caller says where each begins: four blocks, or the quarters of one.
//
// Row i of stream s has the number s x span + i. Writes (number: i32, score: f32) for each row below `count` whose upper bound
// reaches `threshold`, and returns how many.

export function scan(
  codes0: usize,
  codes1: usize,
  codes2: usize,
  codes3: usize,
  scales0: usize,
  scales1: usize,
  scales2: usize,
  scales3: usize,
  // From a row's scale to its error, and from there to its norm.
  columnBytes: usize,
  stride: usize,
  span: i32,
  count: i32,
  query: usize,
  queryScale: f32,
  queryReach: f32,
  querySlack: f32,
  bias: f32,
  threshold: f32,
  out: usize,
): i32 {
  let entry = out;
  const vScale = f32x4.splat(queryScale),
    vReach = f32x4.splat(queryReach),
    vSlack = f32x4.splat(querySlack);
  const vBias = f32x4.splat(bias),
    vRounding = f32x4.splat(2e-6),
    vThreshold = f32x4.splat(threshold);
  for (let i: i32 = 0; i < span; i++) {
    let a0 = i32x4.splat(0),
      a1 = a0,
      a2 = a0,
      a3 = a0;
    for (let o: usize = 0; o < stride; o += 16) {
      const low = v128.load(query + (o << 1)),
        high = v128.load(query + (o << 1), 16);
      let x = v128.load(codes0 + o);
      a0 = i32x4.add(a0, i32x4.add(i32x4.dot_i16x8_s(x, high), i32x4.dot_i16x8_s(i16x8.shl(x, 8), low)));
      x = v128.load(codes1 + o);
      a1 = i32x4.add(a1, i32x4.add(i32x4.dot_i16x8_s(x, high), i32x4.dot_i16x8_s(i16x8.shl(x, 8), low)));
      x = v128.load(codes2 + o);
      a2 = i32x4.add(a2, i32x4.add(i32x4.dot_i16x8_s(x, high), i32x4.dot_i16x8_s(i16x8.shl(x, 8), low)));
      x = v128.load(codes3 + o);
      a3 = i32x4.add(a3, i32x4.add(i32x4.dot_i16x8_s(x, high), i32x4.dot_i16x8_s(i16x8.shl(x, 8), low)));
    }
    codes0 += stride;
    codes1 += stride;
    codes2 += stride;
    codes3 += stride;
    // Four rows of four lane sums become one vector of four dot products.
    const f0 = f32x4.convert_i32x4_s(a0),
      f1 = f32x4.convert_i32x4_s(a1),
      f2 = f32x4.convert_i32x4_s(a2),
      f3 = f32x4.convert_i32x4_s(a3);
    const s01 = f32x4.add(v128.shuffle<f32>(f0, f1, 0, 4, 1, 5), v128.shuffle<f32>(f0, f1, 2, 6, 3, 7));
    const s23 = f32x4.add(v128.shuffle<f32>(f2, f3, 0, 4, 1, 5), v128.shuffle<f32>(f2, f3, 2, 6, 3, 7));
    const dots = f32x4.add(v128.shuffle<f64>(s01, s23, 0, 2), v128.shuffle<f64>(s01, s23, 1, 3));
    const at = (<usize>i) << 2;
    const scale = gather(scales0 + at, scales1 + at, scales2 + at, scales3 + at);
    const errorAt = at + columnBytes;
    const error = gather(scales0 + errorAt, scales1 + errorAt, scales2 + errorAt, scales3 + errorAt);
    const normAt = errorAt + columnBytes;
    const norm = gather(scales0 + normAt, scales1 + normAt, scales2 + normAt, scales3 + normAt);
    const penalty = f32x4.mul(f32x4.mul(norm, norm), vBias);
    const score = f32x4.sub(f32x4.mul(f32x4.mul(dots, scale), vScale), penalty);
    const margin = f32x4.add(
      f32x4.mul(error, vReach),
      f32x4.add(f32x4.mul(norm, vSlack), f32x4.mul(penalty, vRounding)),
    );
    let hits = i32x4.bitmask(f32x4.ge(f32x4.add(score, margin), vThreshold));
    while (hits) {
      const stream = ctz(hits);
      hits &= hits - 1;
      const row = stream * span + i;
      if (row < count) {
        store<i32>(entry, row);
        store<f32>(
          entry,
          stream == 0
            ? f32x4.extract_lane(score, 0)
            : stream == 1
              ? f32x4.extract_lane(score, 1)
              : stream == 2
                ? f32x4.extract_lane(score, 2)
                : f32x4.extract_lane(score, 3),
          4,
        );
        entry += 8;
      }
    }
  }
  return <i32>((entry - out) >> 3);
}

// @ts-ignore: decorator
@inline
function gather(at0: usize, at1: usize, at2: usize, at3: usize): v128 {
  let lanes = v128.load32_zero(at0);
  lanes = v128.load_lane<f32>(at1, lanes, 1);
  lanes = v128.load_lane<f32>(at2, lanes, 2);
  return v128.load_lane<f32>(at3, lanes, 3);
}
