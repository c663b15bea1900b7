"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { History, Undo2 } from "lucide-react";
import { useState } from "react";
import { auditQuery } from "../../../../lib/client/queries/audit.ts";
import { rollbackSettings, settingsQuery } from "../../../../lib/client/queries/settings.ts";
import type { SettingsView } from "../../../../lib/contracts/settings.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { ConfirmDialog } from "../../../_components/ui/confirm-dialog.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { READY } from "../../../_components/ui/panel-state.ts";
import { RelativeTime } from "../../../_components/ui/relative-time.tsx";
import { toastDone, toastError } from "../../../_components/ui/toast.ts";

/** What was changed by whom, and the way back to any of it. */
export function RevisionsPanel({ view }: { view: SettingsView }) {
  const [target, setTarget] = useState<number | null>(null);
  const client = useQueryClient();
  const rollback = useMutation({
    mutationFn: rollbackSettings,
    onSuccess: (next, revision) => {
      client.setQueryData(settingsQuery.queryKey, next);
      void client.invalidateQueries({ queryKey: auditQuery.queryKey });
      setTarget(null);
      toastDone(
        "Rolled back",
        revision === 0 ? "All settings are at their defaults." : `The settings of revision ${revision} are active.`,
      );
    },
    onError: toastError,
  });
  const state =
    view.revisions.length > 0
      ? READY
      : {
          kind: "empty" as const,
          title: "No changes yet",
          hint: "Every change is recorded here and can be undone.",
        };
  return (
    <Panel
      title="Changes"
      icon={History}
      description={`Revision ${view.revision}`}
      state={state}
      minHeight="160px"
      flush
    >
      <ol>
        {view.revisions.map((revision) => (
          <Row
            key={revision.revision}
            title={revision.reason}
            note={
              <>
                {revision.actor} · <RelativeTime atMs={Date.parse(revision.createdAt)} />
              </>
            }
            onReturn={revision.revision === view.revision ? null : () => setTarget(revision.revision)}
            label={`Return to revision ${revision.revision}`}
          />
        ))}
        <Row title="Defaults" note="as shipped" onReturn={() => setTarget(0)} label="Reset to the defaults" />
      </ol>
      <ConfirmDialog
        open={target !== null}
        onOpenChange={(open) => !open && setTarget(null)}
        title={target === 0 ? "Reset to the defaults?" : `Roll back to revision ${target}?`}
        verb="Roll back"
        busy={rollback.isPending}
        onConfirm={() => target !== null && rollback.mutate(target)}
      >
        These settings take effect at once. The rollback becomes a new revision, so it can be undone as well.
      </ConfirmDialog>
    </Panel>
  );
}

function Row(props: { title: string; note: React.ReactNode; label: string; onReturn: (() => void) | null }) {
  return (
    <li className="flex items-center gap-3 border-line border-t px-4 py-2.5">
      <div className="min-w-0 grow">
        <p className="break-words text-13 text-strong">{props.title}</p>
        <p className="text-12 text-faint">{props.note}</p>
      </div>
      {props.onReturn ? (
        <Button size="icon-sm" variant="ghost" aria-label={props.label} title={props.label} onClick={props.onReturn}>
          <Undo2 aria-hidden className="size-3.5" />
        </Button>
      ) : (
        <span className="text-12 text-faint">in force</span>
      )}
    </li>
  );
}
