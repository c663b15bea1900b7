import type { OptimizationRun } from "../contracts/memory.ts";
import { formatBytes } from "../shared/bytes.ts";
import { COLLECT } from "./relief-plan.ts";
import { mergeResults, type StepResult } from "./relief-run.ts";

type Usage = OptimizationRun["before"];
type Beginning = Pick<OptimizationRun, "id" | "trigger" | "actor" | "dryRun" | "startedAt" | "targetRatio" | "before">;

export function beginRun(beginning: Beginning): OptimizationRun {
  return {
    ...beginning,
    state: "running",
    durationMs: 0,
    after: beginning.before,
    freedBytes: 0,
    rssFreedBytes: 0,
    note: null,
    steps: [],
  };
}

interface Miss {
  /** Bytes above the target, as the system sees them. */
  shortBytes: number;
  /** Let go by stores, and not yet collected. */
  pendingBytes: number;
  usage: Usage;
  /** Whether the caller chose steps. */
  chosen: boolean;
}

/** Why a run ended above its target; null when it did not. */
export function explainMiss({ shortBytes, pendingBytes, usage, chosen }: Miss): string | null {
  if (shortBytes <= 0) return null;
  if (shortBytes <= pendingBytes) {
    return `The system has yet to take back ${formatBytes(pendingBytes)} that the stores let go: the next collection does.`;
  }
  const { usedBytes, storeBytes } = usage;
  return (
    `The target is missed by ${formatBytes(shortBytes)}: of ${formatBytes(usedBytes)} in use the stores hold ` +
    `${formatBytes(storeBytes)}, which ${chosen ? "none of the chosen steps" : "no step"} may free, and the runtime ` +
    `${formatBytes(usedBytes - storeBytes)}.`
  );
}

export function collectResult(predictedFreedBytes: number): StepResult {
  return { step: COLLECT, items: 0, predictedFreedBytes, freedBytes: 0, durationMs: 0, longestPauseMs: 0 };
}

/** A step that ran in an earlier pass is still one step of the run. */
export function addResult(steps: StepResult[], result: StepResult): void {
  const at = steps.findIndex(({ step }) => step === result.step);
  const earlier = steps[at];
  if (earlier) steps[at] = mergeResults(earlier, result);
  else steps.push(result);
}
