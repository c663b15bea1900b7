import { Crosshair } from "lucide-react";
import type { LeaksView } from "../../../../lib/contracts/leaks.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { SERIES_LABELS, shortSite, slopeLabel } from "../../../_components/leaks/verdict-labels.ts";
import { Panel } from "../../../_components/ui/panel.tsx";
import type { PanelState } from "../../../_components/ui/panel-state.ts";
import { RelativeTime } from "../../../_components/ui/relative-time.tsx";

/** Each suspected channel with its evidence, and the allocation sites that grew. */
export function SuspectsPanel({ view, state }: { view: LeaksView | undefined; state: PanelState }) {
  const suspects = view?.suspects ?? [];
  const shown: PanelState =
    state.kind === "ready" && suspects.length === 0
      ? {
          kind: "empty",
          title: "No suspects",
          hint: "A channel appears here with its allocation sites once its growth is suspected.",
        }
      : state;
  return (
    <Panel title="Suspects" icon={Crosshair} state={shown} minHeight="96px">
      <div className="flex flex-col gap-6">
        {suspects.map((suspect) => (
          <article key={suspect.series} className="flex flex-col gap-2" data-testid="leak-suspect">
            <h3 className="text-14 text-strong">
              {SERIES_LABELS[suspect.series]}: {slopeLabel(suspect)}
            </h3>
            <p className="text-13 text-soft">
              Since <RelativeTime atMs={Date.parse(suspect.firstSeenAt)} />,{" "}
              {formatBytes(suspect.evidence.unexplainedBytes)} unexplained over {suspect.evidence.samples} samples;
              confidence {Math.round(suspect.confidence * 100)} %. Method: {suspect.evidence.method}.
            </p>
            <Culprits suspect={suspect} />
          </article>
        ))}
      </div>
    </Panel>
  );
}

function Culprits({ suspect }: { suspect: LeaksView["suspects"][number] }) {
  if (suspect.attribution.length === 0) {
    const why =
      suspect.series === "native"
        ? "Native memory cannot be attributed, because V8 does not see its allocations. Use a native profiler on the process."
        : "Culprit unknown: no allocation site grew between two readings. An allocation profile shows which code allocates now.";
    return <p className="text-13 text-faint">{why}</p>;
  }
  return (
    <table className="w-full text-13">
      <thead className="text-left text-12 text-faint">
        <tr>
          <th className="py-1 font-normal">Allocation site</th>
          <th className="py-1 text-right font-normal">Grew by</th>
          <th className="py-1 text-right font-normal">Holds</th>
        </tr>
      </thead>
      <tbody>
        {suspect.attribution.map((row) => (
          <tr key={row.site} className="border-line border-t">
            <td className="py-1 pr-2 text-strong [overflow-wrap:anywhere]" title={row.site}>
              <code>{shortSite(row.site)}</code>
            </td>
            <td className="w-20 whitespace-nowrap py-1 text-right align-top tabular-nums sm:w-28">
              {formatBytes(row.growthBytes)}
            </td>
            <td className="w-20 whitespace-nowrap py-1 text-right align-top tabular-nums sm:w-28">
              {formatBytes(row.liveBytes)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
