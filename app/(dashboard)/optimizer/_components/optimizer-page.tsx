"use client";

import { useQuery } from "@tanstack/react-query";
import { Stethoscope } from "lucide-react";
import { memoryReportQuery } from "../../../../lib/client/queries/memory.ts";
import { AdviceList } from "../../../_components/optimizer/advice-list.tsx";
import { PageHeader } from "../../../_components/ui/page-header.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { OptimizeButton } from "../../_components/optimize-button.tsx";
import { UsageChart } from "../../_components/usage-chart.tsx";
import { AutomationPanel } from "./automation-panel.tsx";
import { RunsPanel } from "./runs-panel.tsx";

export function OptimizerPage() {
  const query = useQuery(memoryReportQuery);
  return (
    <>
      <PageHeader
        title="Optimizer"
        description="Past runs with predicted and actual figures, automatic optimization, and recommendations."
        actions={<OptimizeButton />}
      />
      <UsageChart />
      <div className="grid min-w-0 items-start gap-6 lg:grid-cols-2">
        <Panel title="Advice" icon={Stethoscope} state={panelState(query)} minHeight="220px">
          <AdviceList findings={query.data?.recommendations ?? []} />
        </Panel>
        <AutomationPanel />
      </div>
      <RunsPanel />
    </>
  );
}
