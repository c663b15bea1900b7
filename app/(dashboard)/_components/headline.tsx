"use client";

import { useQuery } from "@tanstack/react-query";
import { useFreshness, useLiveState } from "../../../lib/client/live/live-context.tsx";
import { memoryReportQuery } from "../../../lib/client/queries/memory.ts";
import type { MemoryReport } from "../../../lib/contracts/memory.ts";
import { formatBytes } from "../../../lib/shared/bytes.ts";
import { formatDuration } from "../../../lib/shared/duration.ts";
import { CRITICAL_RATIO, ELEVATED_RATIO } from "../../../lib/shared/levels.ts";
import { COMPONENT_NAMES, COMPONENT_ORDER, componentColour } from "../../_components/charts/series.ts";
import { agedState } from "../../_components/store/aged-state.ts";
import { LEVEL_TONE, LEVEL_WORD } from "../../_components/ui/level.tsx";
import { Meter, type MeterPart, type MeterTone } from "../../_components/ui/meter.tsx";
import { PanelBody } from "../../_components/ui/panel-body.tsx";
import { panelState } from "../../_components/ui/panel-state.ts";
import { OptimizeButton } from "./optimize-button.tsx";

const TICKS = [
  { at: ELEVATED_RATIO, label: "70 %" },
  { at: CRITICAL_RATIO, label: "85 %" },
];

/** The one sentence: how things stand, how much is used, and where it is going. */
export function Headline() {
  const query = useQuery(memoryReportQuery);
  const fresh = useFreshness();
  const live = useLiveState();
  const base = panelState(query);
  const state = base.kind === "ready" ? agedState(fresh, live) : base;
  return (
    <section aria-label="Memory now" className="rounded-md border border-line bg-surface-1 pt-1">
      <PanelBody state={state} minHeight="156px" flush={false}>
        {query.data ? <Now report={query.data} /> : null}
      </PanelBody>
    </section>
  );
}

function Now({ report }: { report: MemoryReport }) {
  const { usedBytes, limitBytes, usedRatio, level } = report.sample;
  const used = formatBytes(usedBytes);
  const limit = formatBytes(limitBytes);
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-8 gap-y-4">
      <div className="min-w-0 grow basis-[520px]">
        <h1 className="flex flex-wrap items-baseline gap-x-3 text-20 sm:text-40">
          <span className={LEVEL_TEXT[level]}>{LEVEL_WORD[level]}</span>
          <span className="tabular" data-testid="used">
            {used} <span className="font-normal text-faint">of {limit}</span>
          </span>
          <span className="tabular font-normal text-16 text-faint sm:text-20">{(usedRatio * 100).toFixed(1)} %</span>
        </h1>
        <div className="mt-4">
          <Meter
            label="Memory used, relative to the limit"
            value={usedBytes}
            max={limitBytes}
            valueText={`${used} of ${limit}, ${(usedRatio * 100).toFixed(0)} %`}
            tone={LEVEL_TONE[level] as MeterTone}
            ticks={TICKS}
            size="lg"
            parts={parts(report)}
          />
        </div>
        <p className="mt-1 min-h-5 text-13">{trend(report)}</p>
      </div>
      <OptimizeButton />
    </div>
  );
}

/** In the order of the chart's stack; a negative part has no width, and stands in the chart's legend. */
function parts({ sample }: MemoryReport): MeterPart[] {
  const bytesOf = new Map(sample.breakdown.map(({ component, bytes }) => [component, bytes]));
  return COMPONENT_ORDER.map((component) => ({
    label: COMPONENT_NAMES[component],
    value: bytesOf.get(component) ?? 0,
    colour: componentColour(component),
    hatched: component === "unattributed",
  })).filter(({ value }) => value > 0);
}

const LEVEL_TEXT = { normal: "text-ok", elevated: "text-warn", critical: "text-crit" };

const DAY_SECONDS = 86_400;

/** Where it is going, in words; silent about what is not measured yet. */
function trend({ forecast, sample }: MemoryReport): string {
  const source = sample.limitSource === "container" ? "The container sets the limit. " : "";
  if (forecast === null) return source;
  const { secondsToLimit, low, high } = forecast;
  if (secondsToLimit === null || secondsToLimit > DAY_SECONDS)
    return `${source}At this trend the limit is not reached within 24 h.`;
  const spread = low === null || high === null ? "" : ` (between ${formatDuration(low)} and ${formatDuration(high)})`;
  return `${source}At this trend the limit is reached in ${formatDuration(secondsToLimit)}${spread}.`;
}
