"use client";

import { useQuery } from "@tanstack/react-query";
import { Droplets } from "lucide-react";
import Link from "next/link";
import { memoryReportQuery } from "../../../lib/client/queries/memory.ts";
import type { LeakReport } from "../../../lib/contracts/memory.ts";
import { formatBytes } from "../../../lib/shared/bytes.ts";
import { servicesLabel, verdictLabel } from "../../_components/leaks/verdict-labels.ts";
import { NAVIGATION } from "../../_components/shell/navigation.ts";
import { Badge } from "../../_components/ui/badge.tsx";
import { Panel } from "../../_components/ui/panel.tsx";
import { panelState } from "../../_components/ui/panel-state.ts";
import { Sparkline } from "../../_components/ui/sparkline.tsx";
import { useTimeline } from "./use-timeline.ts";

/** Is something leaking, here or in a watched service, how fast, and who. */
export function LeakCard() {
  const query = useQuery(memoryReportQuery);
  const { points } = useTimeline();
  const leaks = query.data?.leaks;
  if (leaks === null) return null;
  const here = leaks ? verdictLabel(leaks) : null;
  const services = servicesLabel(query.data?.services);
  const unexplained = points.map((point) => point.components?.unattributed ?? null);
  return (
    <Panel title="Leaks" icon={Droplets} state={panelState(query)} minHeight="148px" actions={<LeaksLink />}>
      {leaks && here ? (
        <div className="flex flex-col gap-3">
          <div className="flex flex-wrap items-start gap-2.5" data-testid="leak-card">
            <Badge tone={here.tone}>{services ? `${here.word} here` : here.word}</Badge>
            {services ? <Badge tone={services.tone}>{services.text}</Badge> : null}
            <p className="min-w-0 pt-0.5 text-13 text-strong">
              {services ? "See the watched services." : here.sentence}
            </p>
          </div>
          <Sparkline values={unexplained} colour="var(--series-unattributed)" />
          <p className="text-12 text-faint">What no component claims, in this window</p>
          <Suspects leaks={leaks} />
        </div>
      ) : null}
    </Panel>
  );
}

function LeaksLink() {
  if (!NAVIGATION.some(({ href }) => href === "/leaks")) return null;
  return (
    <Link href="/leaks" className="text-12 text-soft hover:text-strong">
      Evidence
    </Link>
  );
}

function Suspects({ leaks }: { leaks: LeakReport }) {
  return (
    <ul className="flex flex-col gap-2 text-13">
      {leaks.suspects.slice(0, 2).map((suspect) => (
        <li key={suspect.series}>
          <span className="text-strong">{suspect.series}</span>{" "}
          <span className="tabular">{formatBytes(suspect.slopeBytesPerHour)} an hour</span>
          {suspect.attribution[0] ? (
            <code className="mt-0.5 block truncate font-mono text-12 text-faint">{suspect.attribution[0].site}</code>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
