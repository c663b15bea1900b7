/**
 * The namespace that must release when a shared bound is reached: the one with the largest share, if it would still
 * hold at least as much as the requester.
 *
 * @param held what each namespace holds now, in places or bytes.
 * @param more what is requested.
 * @returns null when no namespace would hold more than the requester, which has then used its share.
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

/** A single namespace gets eight ninths of a queue, so that a second one finds room at once. */
const TIMES_WHAT_IS_LEFT = 8;

/**
 * Whether a namespace may take more of a shared capacity without preemption: its holding must then be at most
 * eight times the remainder. The more namespaces there are, the more equal their shares (dynamic thresholds of
 * Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998).
 *
 * @param held what the namespace holds now.
 * @param left the free remainder.
 */
export function mayTake(more: number, held: number, left: number): boolean {
  return held + more <= TIMES_WHAT_IS_LEFT * (left - more);
}
