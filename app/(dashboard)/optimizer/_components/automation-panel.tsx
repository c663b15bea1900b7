"use client";

import { useQuery } from "@tanstack/react-query";
import { Bot, Pencil } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { memoryReportQuery } from "../../../../lib/client/queries/memory.ts";
import { meQuery } from "../../../../lib/client/queries/session.ts";
import { settingsQuery } from "../../../../lib/client/queries/settings.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { formatDuration } from "../../../../lib/shared/duration.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { DetailList } from "../../../_components/ui/detail-list.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { RelativeTime } from "../../../_components/ui/relative-time.tsx";
import { EditSetting } from "../../settings/_components/edit-setting.tsx";
import { formatSetting, type Setting } from "../../settings/_components/setting-labels.ts";

/** What happens without anyone: from when on, how far away that is, and when it next looks. */
export function AutomationPanel() {
  const report = useQuery(memoryReportQuery);
  const { data: me } = useQuery(meQuery);
  const { data: settings } = useQuery({ ...settingsQuery, enabled: me?.role === "operator" });
  const [editing, setEditing] = useState<Setting | null>(null);
  const atRatio = settings?.settings.find(({ name }) => name === "optimizeAtRatio");
  const sample = report.data?.sample;
  const next = report.data?.optimizer?.nextAutomaticAt;
  const seconds = report.data?.forecast?.secondsToLimit;
  return (
    <Panel
      title="By itself"
      icon={Bot}
      state={panelState(report)}
      minHeight="220px"
      actions={
        atRatio && atRatio.source !== "environment" ? (
          <Button size="sm" onClick={() => setEditing(atRatio)}>
            <Pencil aria-hidden className="size-3.5" /> Change the threshold
          </Button>
        ) : null
      }
    >
      <DetailList
        details={[
          ["Runs above", atRatio ? formatSetting(atRatio.value, "ratio") : "set by the operator"],
          ["Distance", sample && atRatio ? distance(sample.usedBytes, sample.limitBytes * Number(atRatio.value)) : "–"],
          ["Limit reached in", seconds === null || seconds === undefined ? "no trend" : formatDuration(seconds)],
          [
            "Next check",
            next ? <RelativeTime key="next" atMs={Date.parse(next)} /> : "when usage exceeds the threshold",
          ],
          [
            "All changes",
            <Link key="all" href="/settings" className="text-accent underline underline-offset-2">
              Settings and rollback
            </Link>,
          ],
        ]}
      />
      {editing ? <EditSetting setting={editing} onClose={() => setEditing(null)} /> : null}
    </Panel>
  );
}

function distance(usedBytes: number, thresholdBytes: number): string {
  const left = thresholdBytes - usedBytes;
  return left > 0 ? formatBytes(left) : `${formatBytes(-left)} above`;
}
