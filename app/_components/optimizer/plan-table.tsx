"use client";

import { Check, LoaderCircle } from "lucide-react";
import { formatBytes } from "../../../lib/shared/bytes.ts";
import { formatMilliseconds } from "../../../lib/shared/duration.ts";
import { Switch } from "../ui/switch.tsx";
import { type RunStep, stepWords } from "./run-words.ts";

export interface PlanTableProps {
  steps: readonly RunStep[];
  /** Results by step name, as they come in; without it the table is a plan. */
  results?: ReadonlyMap<string, RunStep>;
  chosen?: ReadonlySet<string>;
  onChosen?: (chosen: ReadonlySet<string>) => void;
  running?: boolean;
}

/** The steps of a run, cheapest first: to be chosen before it, to be filled in while it runs. */
export function PlanTable({ steps, results, chosen, onChosen, running = false }: PlanTableProps) {
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
          {steps.map((planned) => (
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
  const { title, store, lossless } = stepWords(planned.step);
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
      <td className="text-right">{result ? formatMilliseconds(result.longestPauseMs) : "–"}</td>
    </tr>
  );
}

function Progress({ done, busy }: { done: boolean; busy: boolean }) {
  if (done) return <Check aria-label="done" className="size-4 shrink-0 text-ok" />;
  if (busy) return <LoaderCircle aria-label="running" className="size-4 shrink-0 animate-spin text-accent" />;
  return <span className="size-4 shrink-0" />;
}
