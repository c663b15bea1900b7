import type { OptimizationRun } from "../../contracts/memory.ts";
import type { BoundedStore, Relief, Yielder } from "../../ports/bounded-store.ts";
import { isFreeOfCost, type PlannedStep, stepTarget } from "./relief-plan.ts";

export type StepResult = OptimizationRun["steps"][number];

/** What a run still has to free: `needed` before the target is reached, of that `evictable` by losing something. */
export interface Need {
  neededBytes: number;
  evictableBytes: number;
}

export function remaining(need: Need, freedBytes: number): Need {
  return { neededBytes: need.neededBytes - freedBytes, evictableBytes: need.evictableBytes - freedBytes };
}

/** A step whose target is met has nothing to do: not to ask it is cheaper, and truer than a zero from the store. */
function ask(plan: PlannedStep, need: Need, run: (target: number) => Relief): Relief {
  const target = stepTarget(plan.kind, need.neededBytes, need.evictableBytes);
  return target > 0 ? run(target) : { items: 0, freedBytes: 0 };
}

/** What the steps would free, each given what the ones before it would leave to do, and to free. Changes nothing. */
export function predictSteps(plans: readonly PlannedStep[], need: Need): StepResult[] {
  let left = need;
  const held = new Map<BoundedStore, number>();
  return plans.map((plan) => {
    // A step knows what is held now: a body that would be recompressed first can then only give what is left of it.
    const heldBytes = held.get(plan.store) ?? plan.store.stats().bytes;
    const relief = ask(plan, left, (target) => atMost(plan.step.predict(target), heldBytes));
    held.set(plan.store, heldBytes - relief.freedBytes);
    left = remaining(left, relief.freedBytes);
    return {
      step: plan.name,
      items: relief.items,
      predictedFreedBytes: relief.freedBytes,
      freedBytes: 0,
      durationMs: 0,
      longestPauseMs: 0,
    };
  });
}

function atMost({ items, freedBytes }: Relief, bytes: number): Relief {
  return { items, freedBytes: Math.min(freedBytes, Math.max(0, bytes)) };
}

export interface StepTimer {
  monotonicMs(): number;
  yielder(): Yielder & { finish(): number };
}

/** Predicts and runs one step. The prediction holds the loop as well: it is part of what is measured. */
export async function runStep(plan: PlannedStep, need: Need, timer: StepTimer): Promise<StepResult> {
  const target = stepTarget(plan.kind, need.neededBytes, need.evictableBytes);
  const startedAtMs = timer.monotonicMs();
  const yielder = timer.yielder();
  const predicted = ask(plan, need, (bytes) => plan.step.predict(bytes));
  // What costs something and gives nothing is left alone: compressing what does not shrink takes seconds.
  const skipped = target <= 0 || (predicted.freedBytes === 0 && !isFreeOfCost(plan.kind));
  if (!skipped && yielder.spent) await yielder.yield();
  const { items, freedBytes } = skipped ? { items: 0, freedBytes: 0 } : await plan.step.run(target, yielder);
  const longestPauseMs = yielder.finish();
  return {
    step: plan.name,
    items,
    predictedFreedBytes: predicted.freedBytes,
    freedBytes,
    durationMs: timer.monotonicMs() - startedAtMs,
    longestPauseMs,
  };
}

/** A step that ran again in a later pass is still one step of the run. */
export function mergeResults(first: StepResult, again: StepResult): StepResult {
  return {
    step: first.step,
    items: first.items + again.items,
    predictedFreedBytes: first.predictedFreedBytes + again.predictedFreedBytes,
    freedBytes: first.freedBytes + again.freedBytes,
    durationMs: first.durationMs + again.durationMs,
    longestPauseMs: Math.max(first.longestPauseMs, again.longestPauseMs),
  };
}

export function totalFreed(steps: readonly { freedBytes: number }[]): number {
  return steps.reduce((sum, { freedBytes }) => sum + freedBytes, 0);
}
