"use client";

import { Check, ChevronDown, LoaderCircle } from "lucide-react";
import { useState } from "react";
import { formatBytes } from "../../../lib/shared/bytes.ts";
import { formatMilliseconds } from "../../../lib/shared/duration.ts";
import { classNames } from "../ui/class-names.ts";
import { Switch } from "../ui/switch.tsx";
import { hasNothingToDo, type RunStep, stepLabel } from "./run-labels.ts";

export interface PlanTableProps {
  steps: readonly RunStep[];
  /** Results by step name, as they come in; without it the table is a plan. */
  results?: ReadonlyMap<string, RunStep>;
  chosen?: ReadonlySet<string>;
  onChosen?: (chosen: ReadonlySet<string>) => void;
  running?: boolean;
}

/**
 * The steps of a run, cheapest first: to be chosen before it, to be filled in while it runs. Those with nothing to do
 * are folded away, so that what counts fits the eye.
 */
export function PlanTable({ steps, results, chosen, onChosen, running = false }: PlanTableProps) {
  const [unfolded, setUnfolded] = useState(false);
  const idle = steps.filter((step) => hasNothingToDo(results?.get(step.step) ?? step));
  const shown = unfolded ? steps : steps.filter((step) => !idle.includes(step));
  const waiting = running
    ? steps.find(({ step }) => chosen?.has(step) !== false && !results?.has(step))?.step
    : undefined;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="overflow-x-auto rounded-md border border-line" tabIndex={0} aria-label="Steps">
      <table className="w-full min-w-[560px] text-13">
        <thead>
          <tr className="h-9 text-left text-12 text-faint [&>th]:px-3 [&>th]:font-medium">
            <th scope="col">Step</th>
            <th scope="col" className="text-right">
              Items
            </th>
            <th scope="col" className="text-right">
              Frees
            </th>
            <th scope="col" className="text-right">
              Freed
            </th>
            <th scope="col" className="text-right">
              Took
            </th>
            <th scope="col" className="text-right">
              Pause
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((planned) => (
            <StepRow
              key={planned.step}
              planned={planned}
              result={results?.get(planned.step)}
              busy={waiting === planned.step}
              on={chosen?.has(planned.step)}
              onToggle={
                onChosen && chosen && !running
                  ? (on) =>
                      onChosen(
                        new Set(on ? [...chosen, planned.step] : [...chosen].filter((name) => name !== planned.step)),
                      )
                  : undefined
              }
            />
          ))}
        </tbody>
      </table>
      {idle.length > 0 ? (
        <button
          type="button"
          aria-expanded={unfolded}
          onClick={() => setUnfolded(!unfolded)}
          className="flex h-10 w-full items-center gap-2 border-line border-t px-3 text-12 text-soft hover:text-strong"
        >
          <ChevronDown aria-hidden className={classNames("size-3.5", unfolded && "rotate-180")} />
          {idle.length} {idle.length === 1 ? "step has" : "steps have"} nothing to do
        </button>
      ) : null}
    </section>
  );
}

function StepRow(props: {
  planned: RunStep;
  result: RunStep | undefined;
  busy: boolean;
  on: boolean | undefined;
  onToggle: ((on: boolean) => void) | undefined;
}) {
  const { planned, result, busy, on, onToggle } = props;
  const { title, store, lossless } = stepLabel(planned.step);
  return (
    <tr
      className="h-11 border-line border-t [&>td]:px-3"
      data-step={planned.step}
      data-done={result !== undefined || undefined}
    >
      <td>
        <span className="flex items-center gap-3">
          {onToggle ? (
            <Switch label={`${title}${store ? `, ${store}` : ""}`} checked={on ?? true} onChange={onToggle} />
          ) : (
            <Progress done={result !== undefined} busy={busy} />
          )}
          <span>
            <span className="text-strong">{title}</span>
            {store ? <span className="text-faint"> · {store}</span> : null}
            {lossless ? null : <span className="block text-12 text-warn">must be computed again when asked for</span>}
          </span>
        </span>
      </td>
      <td className="text-right">{(result ?? planned).items.toLocaleString("en-US")}</td>
      <td className="text-right">{formatBytes(planned.predictedFreedBytes)}</td>
      <td className="text-right font-medium text-strong">{result ? formatBytes(result.freedBytes) : "–"}</td>
      <td className="text-right">{result ? formatMilliseconds(result.durationMs) : "–"}</td>
      <td className="text-right">{pauseLabel(planned, result)}</td>
    </tr>
  );
}

/** What a step paused; before it has run, what it is expected to, where that is known. */
function pauseLabel(planned: RunStep, result: RunStep | undefined): string {
  if (result) return formatMilliseconds(result.longestPauseMs);
  return planned.longestPauseMs > 0 ? `about ${formatMilliseconds(planned.longestPauseMs)}` : "–";
}

function Progress({ done, busy }: { done: boolean; busy: boolean }) {
  if (done) return <Check aria-label="done" className="size-4 shrink-0 text-ok" />;
  if (busy) return <LoaderCircle aria-label="running" className="size-4 shrink-0 animate-spin text-accent" />;
  return <span className="size-4 shrink-0" />;
}
