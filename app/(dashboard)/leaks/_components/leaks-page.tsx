"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsString, useQueryState } from "nuqs";
import { leaksQuery } from "../../../../lib/client/queries/leaks.ts";
import { PageHeader } from "../../../_components/ui/page-header.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { ChannelCharts } from "./channel-charts.tsx";
import { ProfilesPanel } from "./profiles-panel.tsx";
import { RuledOutPanel } from "./ruled-out-panel.tsx";
import { ServicesPanel } from "./services-panel.tsx";
import { SuspectsPanel } from "./suspects-panel.tsx";
import { VerdictHistory } from "./verdict-history.tsx";
import { VerdictPanel } from "./verdict-panel.tsx";

/** Is memory leaking, where, and how do we know? Of this server, or of a service that is watched. */
export function LeaksPage() {
  const [agent, setAgent] = useQueryState("service", parseAsString);
  const query = useQuery(leaksQuery(agent));
  const state = panelState(query);
  return (
    <>
      <PageHeader
        title="Leaks"
        description="Unexplained memory growth: since when, how fast, and which code allocated the memory."
      />
      <VerdictPanel view={query.data} state={state} service={agent} />
      <ServicesPanel
        services={query.data?.agents ?? []}
        state={state}
        chosen={agent}
        onChoose={(name) => void setAgent(name)}
      />
      <SuspectsPanel view={query.data} state={state} />
      <ChannelCharts view={query.data} state={state} />
      <RuledOutPanel view={query.data} state={state} />
      <VerdictHistory />
      <div id="profiles">
        <ProfilesPanel />
      </div>
    </>
  );
}
