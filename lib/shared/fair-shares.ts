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
