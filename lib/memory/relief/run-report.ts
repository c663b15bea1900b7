import type { OptimizationRun } from "../../contracts/memory.ts";
import { formatBytes } from "../../shared/bytes.ts";
import type { Reclaim } from "./reclaimer.ts";
import { mergeResults, type StepResult, totalFreed } from "./relief-run.ts";

type Usage = OptimizationRun["before"];
type Beginning = Pick<
  OptimizationRun,
  "id" | "trigger" | "actor" | "actorNamespace" | "dryRun" | "startedAt" | "targetRatio" | "before"
>;

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
  /** Freed by the steps, and not yet seen by the system. */
  unseenBytes: number;
  usage: Usage;
  /** Whether the caller chose steps. */
  chosen: boolean;
}

/** Why a run ended above its target; null when it did not. */
export function explainMiss({ shortBytes, unseenBytes, usage, chosen }: Miss): string | null {
  if (shortBytes <= 0) return null;
  if (shortBytes <= unseenBytes) {
    return `${formatBytes(unseenBytes)} of the freed memory is not yet returned to the system; the next collection returns it.`;
  }
  const { usedBytes, storeBytes } = usage;
  return (
    `The target was missed by ${formatBytes(shortBytes)}. Of ${formatBytes(usedBytes)} in use, the stores hold ` +
    `${formatBytes(storeBytes)}, which ${chosen ? "none of the chosen steps" : "no step"} may free, and the runtime ` +
    `${formatBytes(usedBytes - storeBytes)}.`
  );
}

/** The row of a step that is no store's, as it is predicted. */
export function reclaimResult(step: string, { freedBytes, pauseMs }: Reclaim): StepResult {
  return { step, items: 0, predictedFreedBytes: freedBytes, freedBytes: 0, durationMs: 0, longestPauseMs: pauseMs };
}

/** What the stores' ledger gave back: their steps are named `<kind>:<store>`. */
export function freedByStores(steps: readonly StepResult[]): number {
  return totalFreed(steps.filter(({ step }) => step.includes(":")));
}

/** A step that ran in an earlier pass is still one step of the run. */
export function addResult(steps: StepResult[], result: StepResult): void {
  const at = steps.findIndex(({ step }) => step === result.step);
  const earlier = steps[at];
  if (earlier) steps[at] = mergeResults(earlier, result);
  else steps.push(result);
}
