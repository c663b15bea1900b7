import { ListChecks } from "lucide-react";
import type { LeaksView } from "../../../../lib/contracts/leaks.ts";
import { SERIES_LABELS } from "../../../_components/leaks/verdict-labels.ts";
import { Panel } from "../../../_components/ui/panel.tsx";
import type { PanelState } from "../../../_components/ui/panel-state.ts";

/** Why the other channels are not suspected: an operator should see what was thought of. */
export function RuledOutPanel({ view, state }: { view: LeaksView | undefined; state: PanelState }) {
  const entries = view?.ruledOut ?? [];
  const shown: PanelState =
    state.kind === "ready" && entries.length === 0 ? { kind: "empty", title: "No causes ruled out" } : state;
  return (
    <Panel
      title="Causes ruled out"
      icon={ListChecks}
      description="Memory that the bounded stores account for is subtracted before growth is judged."
      state={shown}
      minHeight="96px"
    >
      <dl className="flex flex-col gap-2 text-13">
        {entries.map((entry) => (
          <div key={entry.series} className="sm:grid sm:grid-cols-[12rem_1fr] sm:gap-x-6">
            <dt className="text-strong">{SERIES_LABELS[entry.series]}</dt>
            <dd className="text-soft">{entry.text}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
