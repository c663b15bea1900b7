"use client";

import { useQuery } from "@tanstack/react-query";
import { Stethoscope } from "lucide-react";
import { memoryReportQuery } from "../../../lib/client/queries/memory.ts";
import { AdviceList } from "../../_components/optimizer/advice-list.tsx";
import { Panel } from "../../_components/ui/panel.tsx";
import { panelState } from "../../_components/ui/panel-state.ts";

/** The doctor's first three findings. */
export function AdviceCard() {
  const query = useQuery(memoryReportQuery);
  if (query.data?.recommendations === null) return null;
  const findings = query.data?.recommendations ?? [];
  return (
    <Panel title="Advice" icon={Stethoscope} state={panelState(query)} minHeight="148px">
      <AdviceList findings={findings.slice(0, 3)} />
    </Panel>
  );
}
