/** A passage, and what one ranking gives it. */
export interface Fused {
  id: number;
  documentId: number;
  score: number;
}

export interface WeightedScores {
  weight: number;
  /** Cosines or BM25, in any order; a passage is named once. */
  items: readonly Fused[];
}

/** What a further passage of a document already listed keeps of its score: `k` answers should not be one page, cut in pieces. */
const SAME_DOCUMENT_FACTOR = 0.7;

/**
 * The weighted mean of several scores, each divided by the best of its kind: 1 for a passage that is best in all. Unlike a rank, a
 * score keeps how much better the best is than the next. A score below zero counts as none. Best first; equal
 * scores by id, so that the order is always the same.
 */
export function sumScores(rankings: readonly WeightedScores[]): Fused[] {
  const weights = rankings.reduce((sum, { weight }) => sum + weight, 0);
  const fused = new Map<number, Fused>();
  for (const { weight, items } of rankings) {
    const best = items.reduce((most, { score }) => Math.max(most, score), 0);
    for (const { id, documentId, score } of items) {
      const entry = fused.get(id) ?? { id, documentId, score: 0 };
      if (score > 0) entry.score += (weight / weights) * (score / best);
      fused.set(id, entry);
    }
  }
  return [...fused.values()].sort((a, b) => b.score - a.score || a.id - b.id);
}

/**
 * The `k` best, where each further passage of a document counts 0.7 times the one before. A document that fills the
 * ranking still fills the answer. O(k × candidates).
 */
export function diversify<T extends Fused>(ranked: readonly T[], k: number): T[] {
  const chosen: T[] = [];
  const factors = new Map<number, number>();
  const rest = [...ranked];
  while (chosen.length < k && rest.length > 0) {
    const place = indexOfBest(rest, factors);
    const [next] = rest.splice(place, 1);
    if (next === undefined) break;
    const factor = factors.get(next.documentId) ?? 1;
    factors.set(next.documentId, factor * SAME_DOCUMENT_FACTOR);
    chosen.push({ ...next, score: next.score * factor });
  }
  return chosen;
}

function indexOfBest(rest: readonly Fused[], factors: ReadonlyMap<number, number>): number {
  let best = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (const [place, { score, documentId }] of rest.entries()) {
    // Ranked best first: what is no better without a factor cannot be with one.
    if (score <= highest) break;
    const weighed = score * (factors.get(documentId) ?? 1);
    if (weighed > highest) {
      highest = weighed;
      best = place;
    }
  }
  return best;
}
