const GRAM_BYTES = 8;
const SEGMENT_BYTES = 64;
const HASH_BITS = 16;

/**
 * A dictionary for deflate out of a store's own values: the segments whose 8-byte strings occur in the most samples, the best
 * of them last, where deflate reaches them with the shortest distances. COVER's greedy choice with one segment length
 * (Liao, Petri, Moffat and Wirth, WWW 2016), O(bytes of all samples) time, 384 KiB while it runs.
 *
 * @param samples values as they will be compressed; at most 256 KiB in all keep this under 10 ms.
 * @param maxBytes the dictionary's largest size.
 */
export function trainDictionary(samples: readonly Uint8Array[], maxBytes: number): Buffer {
  const text = Buffer.concat(samples);
  if (text.length < SEGMENT_BYTES) return Buffer.alloc(0);
  const hashes = gramHashes(text);
  const spread = samplesPerGram(samples, hashes);
  const wanted = Math.max(1, Math.floor(maxBytes / SEGMENT_BYTES));
  const epochBytes = Math.max(SEGMENT_BYTES, Math.floor(text.length / wanted));
  const chosen: { at: number; score: number }[] = [];
  for (let from = 0; from + SEGMENT_BYTES <= text.length && chosen.length < wanted; from += epochBytes) {
    const best = bestSegment(hashes, spread, from, Math.min(from + epochBytes, text.length - SEGMENT_BYTES + 1));
    if (best.score === 0) continue;
    chosen.push(best);
    // What the dictionary has now is worth nothing a second time.
    for (let at = best.at; at < best.at + SEGMENT_BYTES - GRAM_BYTES + 1; at++) spread[hashes[at] ?? 0] = 0;
  }
  chosen.sort((a, b) => a.score - b.score);
  return Buffer.concat(chosen.map(({ at }) => text.subarray(at, at + SEGMENT_BYTES)));
}

function gramHashes(text: Buffer): Uint16Array {
  const hashes = new Uint16Array(text.length);
  for (let at = 0; at + GRAM_BYTES <= text.length; at++) {
    const low = Math.imul(text.readInt32LE(at), 0x9e3779b1);
    const high = Math.imul(text.readInt32LE(at + 4), 0x85ebca6b);
    hashes[at] = (low ^ high ^ (low >>> 15)) >>> (32 - HASH_BITS);
  }
  return hashes;
}

/** In how many samples each string occurs; one alone says nothing about the next value, so it counts as none. */
function samplesPerGram(samples: readonly Uint8Array[], hashes: Uint16Array): Uint16Array {
  const spread = new Uint16Array(1 << HASH_BITS);
  const lastSeen = new Uint16Array(1 << HASH_BITS);
  let at = 0;
  for (const [index, sample] of samples.entries()) {
    for (const end = at + sample.length; at < end; at++) {
      const hash = hashes[at] ?? 0;
      if (lastSeen[hash] === index + 1) continue;
      lastSeen[hash] = index + 1;
      spread[hash] = (spread[hash] ?? 0) + 1;
    }
  }
  return spread.map((count) => (count > 1 ? count : 0));
}

/** The segment starting in `[from, to)` with the highest sum, by a running sum. */
function bestSegment(
  hashes: Uint16Array,
  spread: Uint16Array,
  from: number,
  to: number,
): { at: number; score: number } {
  const worth = (at: number) => spread[hashes[at] ?? 0] ?? 0;
  const grams = SEGMENT_BYTES - GRAM_BYTES + 1;
  let score = 0;
  for (let at = from; at < from + grams; at++) score += worth(at);
  const best = { at: from, score };
  for (let at = from + 1; at < to; at++) {
    score += worth(at + grams - 1) - worth(at - 1);
    if (score > best.score) [best.at, best.score] = [at, score];
  }
  return best;
}
