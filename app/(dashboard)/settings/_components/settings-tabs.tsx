"use client";

import { parseAsStringLiteral, useQueryState } from "nuqs";
import { PageHeader } from "../../../_components/ui/page-header.tsx";
import { Tabs } from "../../../_components/ui/tabs.tsx";
import { AuditPanel } from "./audit-panel.tsx";
import { KeysPanel } from "./keys-panel.tsx";
import { SettingsList } from "./settings-list.tsx";

const TABS = ["limits", "keys", "audit"] as const;

export function SettingsTabs() {
  const [tab, setTab] = useQueryState("tab", parseAsStringLiteral(TABS).withDefault("limits"));
  return (
    <>
      <PageHeader
        title="Settings"
        description="Changes take effect at once and survive restarts. Settings fixed by environment variables can only be changed there."
      />
      <Tabs
        label="Settings"
        value={tab}
        onChange={(value) => void setTab(TABS.find((one) => one === value) ?? null)}
        items={[
          { value: "limits", label: "Limits and thresholds", content: <SettingsList /> },
          { value: "keys", label: "API keys", content: <KeysPanel /> },
          { value: "audit", label: "Audit", content: <AuditPanel /> },
        ]}
      />
    </>
  );
}
