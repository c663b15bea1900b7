"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Flame } from "lucide-react";
import { useState } from "react";
import { leakKeys, profilesQuery, takeProfile } from "../../../../lib/client/queries/leaks.ts";
import type { ProfileView } from "../../../../lib/contracts/leaks.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { ConfirmDialog } from "../../../_components/ui/confirm-dialog.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { toastError } from "../../../_components/ui/toast.ts";
import { ProfileRow } from "./profile-row.tsx";

const SECONDS = 10;

/** Allocation profiles and heap snapshots: taken here, kept for a day, opened in Chrome DevTools or looked at below. */
export function ProfilesPanel() {
  const client = useQueryClient();
  const query = useQuery(profilesQuery);
  const [asking, setAsking] = useState(false);
  const take = useMutation({
    mutationFn: (kind: ProfileView["kind"]) =>
      takeProfile(kind === "heap-snapshot" ? { kind } : { kind, seconds: SECONDS }),
    onSuccess: () => client.invalidateQueries({ queryKey: leakKeys.profiles }),
    onError: toastError,
    onSettled: () => setAsking(false),
  });
  const items = query.data?.items ?? [];
  const running = items.some((p) => p.state === "running");
  const state = panelState(query, {
    when: items.length === 0,
    title: "No profiles",
    hint: "An allocation profile shows which code allocates memory during 10 seconds; it costs almost nothing.",
  });
  const snapshot = query.data?.snapshot;
  return (
    <Panel
      title="Profiles"
      icon={Flame}
      description={snapshot ? snapshotLabel(snapshot) : undefined}
      state={state}
      minHeight="120px"
      flush
      actions={
        query.data ? (
          <>
            <Button size="sm" busy={running} disabled={running} onClick={() => take.mutate("allocation-sampling")}>
              Profile allocations
            </Button>
            <Button size="sm" disabled={running || !snapshot?.allowed} onClick={() => setAsking(true)}>
              Heap snapshot…
            </Button>
          </>
        ) : null
      }
    >
      <ul>
        {items.map((profile) => (
          <ProfileRow key={profile.id} profile={profile} />
        ))}
      </ul>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title="Take a heap snapshot?"
        verb="Take it"
        busy={take.isPending}
        onConfirm={() => take.mutate("heap-snapshot")}
      >
        The server stands still while it is taken: about 0.1 s per MB of small objects. It takes about{" "}
        {formatBytes(snapshot?.estimateBytes ?? 0)} of {formatBytes(snapshot?.freeBytes ?? 0)} free memory. The file
        contains every secret in memory.
      </ConfirmDialog>
    </Panel>
  );
}

function snapshotLabel({
  enabled,
  estimateBytes,
  freeBytes,
}: {
  enabled: boolean;
  estimateBytes: number;
  freeBytes: number;
}): string {
  const figures = `needs about ${formatBytes(estimateBytes)}, and ${formatBytes(freeBytes)} are free`;
  if (!enabled) return `Heap snapshots are off (HEADROOM_SNAPSHOTS); one ${figures}.`;
  return estimateBytes <= freeBytes
    ? `A heap snapshot fits: it ${figures}.`
    : `A heap snapshot does not fit in memory now: it ${figures}.`;
}
