"use client";

import { useQueryClient } from "@tanstack/react-query";
import { FileUp, Pause, Play, Send, X } from "lucide-react";
import { type DragEvent, useRef, useState } from "react";
import { cancelStream, streamsQuery } from "../../../../lib/client/queries/streams.ts";
import type { StreamFormatName, StreamJobView } from "../../../../lib/contracts/streams.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { classNames } from "../../../_components/ui/class-names.ts";
import { Field, Input, Select } from "../../../_components/ui/field.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { toastError } from "../../../_components/ui/toast.ts";
import { FORMATS, formatOf } from "./format-of.ts";
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
      description="It is read from disk as it goes: no size is too large."
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
        <Choose onSend={(file, target, format) => void start(file, { target, format })} />
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

function Choose({ onSend }: { onSend: (file: File, target: string, format: StreamFormatName) => void }) {
  const picker = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [target, setTarget] = useState("none");
  const [format, setFormat] = useState<StreamFormatName>("ndjson");
  const [over, setOver] = useState(false);
  const take = (taken: File | undefined) => {
    if (!taken) return;
    setFile(taken);
    setFormat(formatOf(taken.name));
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  return (
    <div className="grid gap-4 lg:grid-cols-[1fr_auto]">
      <button
        type="button"
        onClick={() => picker.current?.click()}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className={classNames(
          "flex min-h-28 min-w-0 flex-col items-center justify-center gap-1 rounded-md border border-dashed px-4 text-13",
          over ? "border-accent bg-accent-wash text-strong" : "border-line-strong text-soft hover:bg-surface-2",
        )}
      >
        <span className="max-w-full truncate font-medium text-strong">{file ? file.name : "Drop a file here"}</span>
        <span className="text-12 text-faint">{file ? formatBytes(file.size) : "or press to choose one"}</span>
      </button>
      <input
        ref={picker}
        type="file"
        className="sr-only"
        tabIndex={-1}
        aria-label="File to send"
        onChange={(event) => take(event.target.files?.[0])}
      />
      <div className="grid grid-cols-2 content-between gap-3 lg:w-80">
        <Field label="Target" hint="or vectors:NAME">
          {(control) => (
            <Input
              {...control}
              value={target}
              onChange={(event) => setTarget(event.target.value)}
              list="stream-targets"
            />
          )}
        </Field>
        <datalist id="stream-targets">
          {["none", "sessions", "cache", "rag"].map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <Field label="Format">
          {(control) => (
            <Select
              {...control}
              value={format}
              onChange={(event) => setFormat(FORMATS.find((name) => name === event.target.value) ?? "ndjson")}
            >
              {FORMATS.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          )}
        </Field>
        <Button
          variant="primary"
          className="col-span-2"
          disabled={!file}
          onClick={() => file && onSend(file, target, format)}
        >
          <Send aria-hidden className="size-4" /> Send
        </Button>
      </div>
    </div>
  );
}
