"use client";

import { CollectionsChart } from "./collections-chart.tsx";
import { EventLoopChart } from "./event-loop-chart.tsx";
import { Headline } from "./headline.tsx";
import { UsageChart } from "./usage-chart.tsx";

export function Overview() {
  return (
    <>
      <Headline />
      <UsageChart />
      <div className="grid min-w-0 gap-6 lg:grid-cols-2">
        <CollectionsChart />
        <EventLoopChart />
      </div>
    </>
  );
}
