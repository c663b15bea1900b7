import { normalize } from "./vector-code.ts";

/** How many of the first answers speak, and how loud they are beside the question. */
export const FEEDBACK_PASSAGES = 3;
const FEEDBACK_WEIGHT = 0.6;

/**
 * Moves the question's vector towards the passages that a first look found by meaning and by words together, so that a second
 * look finds their like though the question lacks their terms.
 *
 * @see Rocchio 1971; for dense vectors Li et al. 2021, https://arxiv.org/abs/2108.11044
 */
export function withFeedback(question: Float32Array, passages: readonly Float32Array[]): Float32Array {
  if (passages.length === 0) return question;
  const moved = Float32Array.from(question);
  for (const passage of passages)
    for (let at = 0; at < moved.length; at++)
      moved[at] = (moved[at] ?? 0) + ((passage[at] ?? 0) * FEEDBACK_WEIGHT) / passages.length;
  return normalize(moved);
}
