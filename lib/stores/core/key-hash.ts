/**
 * A signed 32-bit hash (a small integer to V8, where an unsigned one may be a heap number) of a string's UTF-16 code units: multiply, rotate, and Murmur3's finalizer.
 *
 * Not cryptographic. Who finds colliding keys can make a probe sequence at most as long as the table, which is bounded;
 * the seed, drawn once per table, keeps them from preparing such keys beforehand.
 */
export function hashKey(key: string, seed: number): number {
  let hash = seed | 0;
  for (let i = 0; i < key.length; i += 1) {
    hash = Math.imul(((hash << 5) | (hash >>> 27)) ^ key.charCodeAt(i), 0x9e3779b1);
  }
  return scramble(hash ^ key.length);
}

/** Murmur3's finalizer: every input bit reaches every output bit. */
export function scramble(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
