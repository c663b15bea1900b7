import type { OptimizationRun } from "../../../lib/contracts/memory.ts";
import { formatBytes } from "../../../lib/shared/bytes.ts";

export type RunStep = OptimizationRun["steps"][number];

const KINDS: Readonly<Record<string, string>> = {
  expire: "Remove expired items",
  deduplicate: "Deduplicate equal values",
  recompress: "Recompress",
  compact: "Compact",
  spill: "Move to disk",
  evict: "Evict least valuable items",
  collect: "Collect garbage",
  trim: "Return free memory",
};

/** Steps that cost the consumer something: what they remove must be computed or read again. */
const LOSSY = new Set(["evict"]);

/** `evict:cache` as "Evict by least worth · cache". An unknown kind keeps its name. */
export function stepLabel(step: string): { title: string; store: string | null; lossless: boolean } {
  const [kind = step, store = null] = step.split(":");
  return { title: Object.hasOwn(KINDS, kind) ? (KINDS[kind] ?? kind) : kind, store, lossless: !LOSSY.has(kind) };
}

export const TRIGGER_LABELS: Record<OptimizationRun["trigger"], string> = {
  manual: "manually",
  pressure: "under pressure",
  forecast: "because of the forecast",
  scheduled: "as maintenance",
};

/** A run in one line, for marks and lists. */
export function runSentence(run: OptimizationRun): string {
  const who = run.trigger === "manual" ? run.actor : "Headroom";
  if (run.state === "failed") return `Optimization ${TRIGGER_LABELS[run.trigger]} by ${who} failed`;
  if (run.state === "running") return `Optimization ${TRIGGER_LABELS[run.trigger]} is running`;
  const { freedBytes } = totals(run).all;
  if (run.state === "nothing-to-do" || freedBytes <= 0)
    return `Optimization ${TRIGGER_LABELS[run.trigger]} found nothing to free`;
  return `${who} freed ${formatBytes(freedBytes)} ${TRIGGER_LABELS[run.trigger]}`;
}

interface Sum {
  predictedBytes: number;
  freedBytes: number;
}

/** The rows of a run added up, predicted and freed alike: the stores' (`<kind>:<store>`), what comes after them, and both. */
export function totals({ steps }: Pick<OptimizationRun, "steps">): { stores: Sum; process: Sum; all: Sum } {
  const isStores = ({ step }: RunStep): boolean => step.includes(":");
  return {
    stores: sumOf(steps.filter(isStores)),
    process: sumOf(steps.filter((step) => !isStores(step))),
    all: sumOf(steps),
  };
}

function sumOf(steps: readonly RunStep[]): Sum {
  const sum = { predictedBytes: 0, freedBytes: 0 };
  for (const { predictedFreedBytes, freedBytes } of steps) {
    sum.predictedBytes += predictedFreedBytes;
    sum.freedBytes += freedBytes;
  }
  return sum;
}

/** Whether a step found nothing, or would; a collection never knows before it has run. */
export function hasNothingToDo({ step, items, predictedFreedBytes, freedBytes }: RunStep): boolean {
  return step !== "collect" && items === 0 && predictedFreedBytes === 0 && freedBytes === 0;
}

/** Which steps had something to do and freed nothing by it, in words; null when each helped. */
export function whatDidNotHelp(run: OptimizationRun): string | null {
  if (run.steps.every(({ freedBytes }) => freedBytes <= 0)) return "No step found memory to free.";
  const idle = run.steps
    .filter((step) => step.freedBytes <= 0 && !hasNothingToDo(step))
    .map(({ step }) => {
      const { title, store } = stepLabel(step);
      return store === null ? title.toLowerCase() : `${title.toLowerCase()} (${store})`;
    });
  return idle.length === 0 ? null : `Freed nothing: ${idle.join(", ")}.`;
}
