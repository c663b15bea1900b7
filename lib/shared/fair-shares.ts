/**
 * Who gives when a bound that all share is reached: the one that holds most, if even after that it would not hold less than the asker.
 *
 * @param held what each namespace holds now, in places or bytes.
 * @param more what the asker asks for.
 * @returns null when nobody holds more than the asker then would: it has had its share.
 */
export function greediest(held: ReadonlyMap<string, number>, asker: string, more = 1): string | null {
  let most = (held.get(asker) ?? 0) + more;
  let found: string | null = null;
  for (const [name, amount] of held) {
    if (name === asker || amount <= most) continue;
    most = amount;
    found = name;
  }
  return found;
}

/** How many of them each namespace has. */
export function countByNamespace(holders: Iterable<{ readonly namespace: string }>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { namespace } of holders) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  return counts;
}

/** One namespace alone gets eight ninths of a queue: whoever comes second finds room at once. */
const TIMES_WHAT_IS_LEFT = 8;

/**
 * Whether a namespace may take more of a room that all share and nobody is put out of: what it then holds is at most
 * eight times what is left for others. The more namespaces there are, the more equal their shares (dynamic thresholds of
 * Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998).
 *
 * @param held what the namespace holds now.
 * @param left what nobody holds now.
 */
export function mayTake(more: number, held: number, left: number): boolean {
  return held + more <= TIMES_WHAT_IS_LEFT * (left - more);
}
