import type { Fused } from "./score-fusion.ts";

/** What a message gets of the better of its two neighbours: an answer stands beside its question. */
const NEIGHBOUR_SHARE = 0.3;

/**
 * Messages with a share of the better neighbour's score, best first; scores from 0 to 1 stay so. Only messages that were found
 * themselves count as neighbours.
 *
 * @param sequenceOf a message's place in its conversation; one that has none any more is left out.
 */
export function withNeighbours(found: readonly Fused[], sequenceOf: ReadonlyMap<number, number>): Fused[] {
  const scores = new Map<string, number>();
  const keyOf = (conversation: number, sequence: number) => `${conversation}:${sequence}`;
  for (const { id, documentId, score } of found) scores.set(keyOf(documentId, sequenceOf.get(id) ?? -1), score);
  const scored = found.flatMap(({ id, documentId, score }) => {
    const sequence = sequenceOf.get(id);
    if (sequence === undefined) return [];
    const neighbour = Math.max(
      scores.get(keyOf(documentId, sequence - 1)) ?? 0,
      scores.get(keyOf(documentId, sequence + 1)) ?? 0,
    );
    return [{ id, documentId, score: (score + NEIGHBOUR_SHARE * neighbour) / (1 + NEIGHBOUR_SHARE) }];
  });
  return scored.sort((a, b) => b.score - a.score || a.id - b.id);
}
