"use client";

import { useQueryClient } from "@tanstack/react-query";
import { FileUp, Pause, Play, X } from "lucide-react";
import { cancelStream, streamsQuery } from "../../../../lib/client/queries/streams.ts";
import type { StreamJobView } from "../../../../lib/contracts/streams.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { toastError } from "../../../_components/ui/toast.ts";
import { ChooseFile } from "./choose-file.tsx";
import { Progress, progressText } from "./stream-columns.tsx";
import { type Sending, useSending } from "./use-sending.ts";

/** Where a file is dropped, and what is being sent from this page. */
export function SendPanel({ onJob }: { onJob: (job: StreamJobView) => void }) {
  const client = useQueryClient();
  const { sending, start, resume, pause, forget } = useSending(onJob);
  const live = client.getQueryData(streamsQuery.queryKey)?.items.find(({ id }) => id === sending?.job.id);
  const cancel = async (job: StreamJobView) => {
    forget();
    await cancelStream(job.id).catch(toastError);
  };
  return (
    <Panel
      title="Send a file"
      icon={FileUp}
      description="The browser reads the file from disk while sending, so any size works."
      minHeight="168px"
    >
      {sending ? (
        <UnderWay
          sending={live ? { ...sending, job: live } : sending}
          onPause={pause}
          onResume={(job) => void resume(job, sending.file)}
          onCancel={(job) => void cancel(job)}
        />
      ) : (
        <ChooseFile onSend={(file, query) => void start(file, query)} />
      )}
    </Panel>
  );
}

function UnderWay(props: {
  sending: Sending;
  onPause: () => void;
  onResume: (job: StreamJobView) => void;
  onCancel: (job: StreamJobView) => void;
}) {
  const { file, job, active } = props.sending;
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="min-w-0 truncate text-13">
          <span className="font-medium text-strong">{file.name}</span>{" "}
          <span className="tabular text-soft">
            {progressText(job)}, {formatBytes(job.bufferedBytes)} in memory
          </span>
        </p>
        <div className="flex gap-2">
          {active ? (
            <Button size="sm" onClick={props.onPause}>
              <Pause aria-hidden className="size-3.5" /> Break off
            </Button>
          ) : (
            <Button size="sm" variant="primary" onClick={() => props.onResume(job)}>
              <Play aria-hidden className="size-3.5" /> Resume
            </Button>
          )}
          <Button size="sm" variant="danger" onClick={() => props.onCancel(job)}>
            <X aria-hidden className="size-3.5" /> Cancel
          </Button>
        </div>
      </div>
      <Progress job={job} />
    </div>
  );
}
