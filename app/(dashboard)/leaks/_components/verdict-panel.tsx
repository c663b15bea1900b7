import { ScanSearch } from "lucide-react";
import type { LeaksView } from "../../../../lib/contracts/leaks.ts";
import { SERIES_LABELS, shortSite, slopeLabel, verdictLabel } from "../../../_components/leaks/verdict-labels.ts";
import { Badge } from "../../../_components/ui/badge.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import type { PanelState } from "../../../_components/ui/panel-state.ts";

/** The sentence first: leak or no leak, how fast, and the likeliest culprit. */
export function VerdictPanel({
  view,
  state,
  service,
}: {
  view: LeaksView | undefined;
  state: PanelState;
  service: string | null;
}) {
  const label = verdictLabel(view ?? { state: "warming-up" });
  const first = view?.suspects[0];
  const culprit = first?.attribution[0];
  return (
    <Panel title={service === null ? "This server" : service} icon={ScanSearch} state={state} minHeight="120px">
      <div className="flex flex-col gap-2" data-testid="leak-verdict">
        <p className="flex flex-wrap items-center gap-3 text-20 text-strong">
          <Badge tone={label.tone}>{label.word}</Badge>
          {first ? `${SERIES_LABELS[first.series]} grows ${slopeLabel(first)}` : label.sentence}
        </p>
        {first ? <p className="text-14 text-soft">{label.sentence}</p> : null}
        {culprit ? (
          <p className="text-14 text-soft" title={culprit.site}>
            Likeliest culprit: <code className="text-strong">{shortSite(culprit.site)}</code>
          </p>
        ) : null}
        {first && !culprit ? <UnknownCulprit own={service === null} native={first.series === "native"} /> : null}
        {(view?.processes?.length ?? 0) > 1 ? (
          <p className="text-13 text-soft">{processLabel(view?.processes ?? [])}</p>
        ) : null}
        <p className="text-12 text-faint">{view ? samplesSeen(view.samples) : ""}</p>
      </div>
    </Panel>
  );
}

function UnknownCulprit({ own, native }: { own: boolean; native: boolean }) {
  if (native)
    return <p className="text-14 text-soft">Culprit not known: V8 does not see who allocates native memory.</p>;
  if (!own) return <p className="text-14 text-soft">Culprit not known: no allocation site has grown so far.</p>;
  return (
    <p className="text-14 text-soft">
      Culprit unknown:{" "}
      <a href="#profiles" className="text-accent underline">
        profile allocations
      </a>
      .
    </p>
  );
}

/** "The worst of 3 processes: 1 confirmed, 2 no leak." */
function processLabel(processes: NonNullable<LeaksView["processes"]>): string {
  const counts = new Map<string, number>();
  for (const process of processes) {
    const { word } = verdictLabel(process);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const each = [...counts].map(([word, count]) => `${count} ${word.charAt(0).toLowerCase()}${word.slice(1)}`);
  return `The worst of ${processes.length} processes: ${each.join(", ")}.`;
}

const samplesSeen = (samples: number) =>
  `${samples.toLocaleString("en-US")} ${samples === 1 ? "sample" : "samples"} since the process started.`;
