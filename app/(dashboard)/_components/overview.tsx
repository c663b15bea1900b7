"use client";

import { AdviceCard } from "./advice-card.tsx";
import { CollectionsChart } from "./collections-chart.tsx";
import { EventLoopChart } from "./event-loop-chart.tsx";
import { EventsPanel } from "./events-panel.tsx";
import { Headline } from "./headline.tsx";
import { LeakCard } from "./leak-card.tsx";
import { StoreTiles } from "./store-tiles.tsx";
import { UsageChart } from "./usage-chart.tsx";

/** One glance: is all well. A second: where the memory is. A third: what to do. */
export function Overview() {
  return (
    <>
      <Headline />
      <UsageChart />
      <StoreTiles />
      <div className="grid min-w-0 gap-6 lg:grid-cols-[repeat(auto-fit,minmax(400px,1fr))]">
        <AdviceCard />
        <LeakCard />
      </div>
      <div className="grid min-w-0 gap-6 lg:grid-cols-2">
        <CollectionsChart />
        <EventLoopChart />
      </div>
      <EventsPanel />
    </>
  );
}
