import type { OptimizationRun } from "../../../lib/contracts/memory.ts";
import { formatBytes } from "../../../lib/shared/bytes.ts";
import { formatMilliseconds } from "../../../lib/shared/duration.ts";
import { Meter } from "../ui/meter.tsx";
import { Stat, StatGrid } from "../ui/stat.tsx";
import { totals, whatDidNotHelp } from "./run-labels.ts";

/** What a run did: predicted against actual, before and after as bars of one scale, and what did not help. */
export function RunOutcome({ run, limitBytes }: { run: OptimizationRun; limitBytes: number | undefined }) {
  const scale = limitBytes ?? Math.max(run.before.usedBytes, run.after.usedBytes, 1);
  const idle = whatDidNotHelp(run);
  const { stores, process } = totals(run);
  const longestPauseMs = Math.max(0, ...run.steps.map((step) => step.longestPauseMs));
  return (
    <div className="flex flex-col gap-4">
      <StatGrid>
        <Stat
          label="Freed by stores"
          value={formatBytes(stores.freedBytes)}
          hint={`predicted ${formatBytes(stores.predictedBytes)}`}
        />
        <Stat
          label="Freed by the runtime"
          value={formatBytes(process.freedBytes)}
          hint={`predicted ${formatBytes(process.predictedBytes)}`}
        />
        <Stat label="RSS freed" value={formatBytes(run.rssFreedBytes)} hint="resident memory" />
        <Stat label="Duration" value={formatMilliseconds(run.durationMs)} />
        <Stat label="Longest pause" value={formatMilliseconds(longestPauseMs)} />
      </StatGrid>
      <div className="grid grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-2 text-13">
        <Bar label="Before" bytes={run.before.usedBytes} scale={scale} />
        <Bar label="After" bytes={run.after.usedBytes} scale={scale} />
      </div>
      {run.note ? <p className="text-13 text-strong">{run.note}</p> : null}
      {idle ? <p className="text-13">{idle}</p> : null}
    </div>
  );
}

function Bar({ label, bytes, scale }: { label: string; bytes: number; scale: number }) {
  return (
    <>
      <span>{label}</span>
      <Meter label={`Memory used ${label.toLowerCase()}`} value={bytes} max={scale} valueText={formatBytes(bytes)} />
      <span className="tabular text-right font-medium text-strong">{formatBytes(bytes)}</span>
    </>
  );
}
