import { LeakDetector, type LeakState, type SeriesVerdict } from "./leak-detector.ts";
import type { LeakSample } from "./sample.ts";

export interface VerdictChange {
  sequence: number;
  sampledAt: string;
  state: LeakState;
  suspects: readonly SeriesVerdict[];
}

export interface FinalVerdict {
  final: true;
  state: LeakState;
  firstSuspectedAt: string | null;
  firstConfirmedAt: string | null;
}

/** Feeds recorded samples to the detector of the running server, with no other parameters, and yields each change of verdict. */
export async function* replay(samples: AsyncIterable<LeakSample>): AsyncGenerator<VerdictChange | FinalVerdict> {
  const detector = new LeakDetector();
  let firstSuspectedAt: string | null = null;
  let firstConfirmedAt: string | null = null;
  for await (const sample of samples) {
    const changed = detector.push(sample);
    const { state } = detector;
    if (state === "suspected" || state === "confirmed") firstSuspectedAt ??= sample.sampledAt;
    if (state === "confirmed") firstConfirmedAt ??= sample.sampledAt;
    if (changed) {
      yield { sequence: sample.sequence, sampledAt: sample.sampledAt, state, suspects: detector.suspects() };
    }
  }
  yield { final: true, state: detector.state, firstSuspectedAt, firstConfirmedAt };
}
