"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Eye, LogOut } from "lucide-react";
import { useState } from "react";
import { endSession, readSession, sessionsQuery } from "../../../../lib/client/queries/sessions.ts";
import type { Session } from "../../../../lib/contracts/sessions.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { formatDuration } from "../../../../lib/shared/duration.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { ConfirmDialog } from "../../../_components/ui/confirm-dialog.tsx";
import { CopyButton } from "../../../_components/ui/copy-button.tsx";
import { DetailList } from "../../../_components/ui/detail-list.tsx";
import { Moment } from "../../../_components/ui/relative-time.tsx";
import { Sheet } from "../../../_components/ui/sheet.tsx";
import { TextPreview } from "../../../_components/ui/text-preview.tsx";
import { toastDone, toastError } from "../../../_components/ui/toast.ts";

/** What is known of one session. Its data is read only when asked for, since reading it is a use. */
export function SessionSheet(props: { namespace: string; session: Session | null; onClose: () => void }) {
  const { namespace, session, onClose } = props;
  const [ending, setEnding] = useState(false);
  const client = useQueryClient();
  const refresh = () => void client.invalidateQueries({ queryKey: sessionsQuery(namespace).queryKey });
  const read = useMutation({
    mutationFn: (id: string) => readSession(namespace, id),
    onSuccess: refresh,
    onError: toastError,
  });
  const end = useMutation({
    mutationFn: (id: string) => endSession(namespace, id),
    onSuccess: () => {
      refresh();
      toastDone("Session ended");
      onClose();
    },
    onError: toastError,
  });
  return (
    <Sheet open={session !== null} onOpenChange={(open) => !open && onClose()} title="Session">
      {session ? (
        <div className="flex flex-col gap-4">
          <div className="flex items-center gap-2 rounded-md bg-surface-2 px-3 py-2">
            <code className="min-w-0 grow break-all font-mono text-12 text-strong">{session.id}</code>
            <CopyButton text={session.id} label="Copy the ID" />
          </div>
          <DetailList
            details={[
              ["Created", <Moment key="made" atMs={Date.parse(session.createdAt)} />],
              ["Last access", <Moment key="used" atMs={Date.parse(session.lastUsedAt)} />],
              ["Expires", <Moment key="ends" atMs={Date.parse(session.expiresAt)} />],
              ["Idle time", formatDuration(session.idleTimeoutSeconds)],
              ["Version", String(session.version)],
              ["Data", formatBytes(session.bytes)],
            ]}
          />
          {read.data ? (
            <TextPreview text={JSON.stringify(read.data.data, null, 2)} label="The session's data" />
          ) : (
            <div>
              <Button busy={read.isPending} onClick={() => read.mutate(session.id)}>
                <Eye aria-hidden className="size-4" /> Read its data
              </Button>
              <p className="mt-1.5 text-12 text-faint">
                It may be private. Reading counts as access: the idle timeout of{" "}
                {formatDuration(session.idleTimeoutSeconds)} starts again.
              </p>
            </div>
          )}
          <Button variant="danger" className="self-start" onClick={() => setEnding(true)}>
            <LogOut aria-hidden className="size-4" /> End the session
          </Button>
          <ConfirmDialog
            open={ending}
            onOpenChange={setEnding}
            title="End this session?"
            verb="End session"
            busy={end.isPending}
            onConfirm={() => end.mutate(session.id)}
          >
            Its user is signed out, and its data is deleted from memory and from the database.
          </ConfirmDialog>
        </div>
      ) : null}
    </Sheet>
  );
}
