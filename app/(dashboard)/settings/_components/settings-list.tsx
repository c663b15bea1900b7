"use client";

import { useQuery } from "@tanstack/react-query";
import { LockKeyhole, Pencil, PencilLine } from "lucide-react";
import { useState } from "react";
import { settingsQuery } from "../../../../lib/client/queries/settings.ts";
import { Badge } from "../../../_components/ui/badge.tsx";
import { Button } from "../../../_components/ui/button.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { EditSetting } from "./edit-setting.tsx";
import { RevisionsPanel } from "./revisions-panel.tsx";
import { formatSetting, groupSettings, type Setting } from "./setting-labels.ts";

/** Every setting with its value, where that comes from, and what would undo the last changes. */
export function SettingsList() {
  const query = useQuery(settingsQuery);
  const [editing, setEditing] = useState<Setting | null>(null);
  const state = panelState(query);
  if (state.kind !== "ready" || !query.data)
    return <Panel title="Limits and thresholds" state={state} minHeight="640px" />;
  return (
    <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_360px]">
      <div className="flex min-w-0 flex-col gap-6">
        {groupSettings(query.data.settings).map((group) => (
          <Panel key={group.title} title={group.title} flush>
            <ul>
              {group.settings.map((setting) => (
                <SettingRow key={setting.name} setting={setting} onEdit={() => setEditing(setting)} />
              ))}
            </ul>
          </Panel>
        ))}
      </div>
      <RevisionsPanel view={query.data} />
      {editing ? <EditSetting key={editing.name} setting={editing} onClose={() => setEditing(null)} /> : null}
    </div>
  );
}

function SettingRow({ setting, onEdit }: { setting: Setting; onEdit: () => void }) {
  const pinned = setting.source === "environment";
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-line border-t px-4 py-2.5">
      <div className="min-w-0 grow basis-full sm:basis-64">
        <p className="text-13 text-strong">{setting.description}</p>
        <p className="truncate font-mono text-12 text-faint">{setting.variable}</p>
      </div>
      <p className="tabular grow font-medium text-13 text-strong sm:grow-0 sm:text-right">
        {formatSetting(setting.value, setting.unit)}
      </p>
      <div className="w-28 text-right">
        <Source setting={setting} />
      </div>
      <Button
        size="sm"
        variant="ghost"
        disabled={pinned}
        aria-label={`Change: ${setting.description}`}
        title={pinned ? `Set by ${setting.variable} in the environment` : undefined}
        onClick={onEdit}
      >
        {pinned ? <LockKeyhole aria-hidden className="size-3.5" /> : <Pencil aria-hidden className="size-3.5" />}
      </Button>
    </li>
  );
}

function Source({ setting }: { setting: Setting }) {
  if (setting.source === "environment") return <Badge icon={LockKeyhole}>Environment</Badge>;
  if (setting.source === "stored") {
    return (
      <span title={`Default: ${formatSetting(setting.default, setting.unit)}`}>
        <Badge tone="info" icon={PencilLine}>
          Changed
        </Badge>
      </span>
    );
  }
  return <span className="text-12 text-faint">default</span>;
}
