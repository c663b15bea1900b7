"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { auditQuery } from "../../../lib/client/queries/audit.ts";
import { meQuery } from "../../../lib/client/queries/session.ts";
import { patchSettings, settingsQuery } from "../../../lib/client/queries/settings.ts";
import type { Recommendation } from "../../../lib/contracts/memory.ts";
import type { SettingsPatch } from "../../../lib/contracts/settings.ts";
import { Badge, type Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { toastDone, toastError } from "../ui/toast.ts";

const LOOKS: Record<Recommendation["severity"], { tone: Tone; word: string }> = {
  info: { tone: "info", word: "Note" },
  warning: { tone: "warn", word: "Warning" },
  critical: { tone: "crit", word: "Critical" },
};

/** Findings with their cause, what to do and what that would change; an advised setting is applied from here. */
export function AdviceList({ findings }: { findings: readonly Recommendation[] }) {
  const [applying, setApplying] = useState<Recommendation | null>(null);
  const { data: me } = useQuery(meQuery);
  const client = useQueryClient();
  const apply = useMutation({
    mutationFn: ({ key, value }: { key: string; value: number }) => patchSettings({ [key]: value } as SettingsPatch),
    onSuccess: (view) => {
      client.setQueryData(settingsQuery.queryKey, view);
      void client.invalidateQueries({ queryKey: auditQuery.queryKey });
      toastDone("Applied", "The change is a new revision on the Settings page; you can roll it back there.");
      setApplying(null);
    },
    onError: toastError,
  });
  if (findings.length === 0)
    return <p className="text-13">Nothing was looked at yet: findings come with the next sample.</p>;
  return (
    <>
      <ul className="flex flex-col gap-4">
        {findings.map((finding) => (
          <li key={finding.rule} className="flex flex-col gap-1.5" data-rule={finding.rule}>
            <div className="flex items-start gap-2.5">
              {finding.rule === "all-is-well" ? (
                <Badge tone="ok">All is well</Badge>
              ) : (
                <Badge tone={LOOKS[finding.severity].tone}>{LOOKS[finding.severity].word}</Badge>
              )}
              <p className="wrap-anywhere min-w-0 pt-0.5 text-13 text-strong">{finding.cause}</p>
            </div>
            <p className="wrap-anywhere text-13">
              {finding.action} <span className="text-faint">{finding.expected}</span>
            </p>
            {finding.setting && me?.role === "operator" ? (
              <Button size="sm" className="self-start" onClick={() => setApplying(finding)}>
                Apply
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      <ConfirmDialog
        open={applying !== null}
        onOpenChange={(open) => !open && setApplying(null)}
        title="Apply this recommendation?"
        verb="Apply"
        busy={apply.isPending}
        onConfirm={() => applying?.setting && apply.mutate(applying.setting)}
      >
        {applying?.setting ? (
          <>
            <code className="font-mono text-12 text-strong">{applying.setting.key}</code> becomes{" "}
            <strong className="tabular">{applying.setting.value.toLocaleString("en-US")}</strong>. {applying.expected}{" "}
            It takes effect at once, and can be undone in Settings.
          </>
        ) : null}
      </ConfirmDialog>
    </>
  );
}
