import { ScanSearch } from "lucide-react";
import type { LeaksView } from "../../../../lib/contracts/leaks.ts";
import { SERIES_WORDS, STATE_WORDS, shortSite, slopeWords } from "../../../_components/leaks/verdict-words.ts";
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
  const words = STATE_WORDS[view?.state ?? "warming-up"];
  const first = view?.suspects[0];
  const culprit = first?.attribution[0];
  return (
    <Panel title={service === null ? "This server" : service} icon={ScanSearch} state={state} minHeight="120px">
      <div className="flex flex-col gap-2" data-testid="leak-verdict">
        <p className="flex flex-wrap items-center gap-3 text-20 text-strong">
          <Badge tone={words.tone}>{words.word}</Badge>
          {first ? `${SERIES_WORDS[first.series]} grows ${slopeWords(first)}` : words.sentence}
        </p>
        {first ? <p className="text-14 text-soft">{words.sentence}</p> : null}
        {culprit ? (
          <p className="text-14 text-soft" title={culprit.site}>
            Likeliest culprit: <code className="text-strong">{shortSite(culprit.site)}</code>
          </p>
        ) : null}
        <p className="text-12 text-faint">{view ? samplesSeen(view.samples) : ""}</p>
      </div>
    </Panel>
  );
}

const samplesSeen = (samples: number) =>
  `${samples.toLocaleString("en-US")} ${samples === 1 ? "sample" : "samples"} seen since the process started.`;
