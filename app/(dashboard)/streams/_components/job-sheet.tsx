"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { Download, X } from "lucide-react";
import { cancelStream, rejectsPath, rejectsQuery, resultsPath } from "../../../../lib/client/queries/streams.ts";
import type { StreamJobView, StreamReject } from "../../../../lib/contracts/streams.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { useMayDo } from "../../../_components/role/only.tsx";
import { Button } from "../../../_components/ui/button.tsx";
import { Moment } from "../../../_components/ui/relative-time.tsx";
import { Sheet } from "../../../_components/ui/sheet.tsx";
import { Stat } from "../../../_components/ui/stat.tsx";
import { toastDone, toastError } from "../../../_components/ui/toast.ts";
import { count, Progress, progressText, StateBadge } from "./stream-columns.tsx";

const CAN_CANCEL = ["queued", "running", "waiting", "interrupted"];

/** One job: how it stands, what went wrong, and the records that were set aside. */
export function JobSheet({ job, onClose }: { job: StreamJobView | null; onClose: () => void }) {
  return (
    <Sheet
      open={job !== null}
      onOpenChange={(open) => !open && onClose()}
      title={job ? `${job.format} to ${job.target}` : ""}
    >
      {job ? <JobDetails job={job} /> : null}
    </Sheet>
  );
}

function JobDetails({ job }: { job: StreamJobView }) {
  const maySend = useMayDo("consumer");
  const cancel = useMutation({
    mutationFn: () => cancelStream(job.id),
    onSuccess: () => toastDone("Cancelled", "Batches that were already stored stay."),
    onError: toastError,
  });
  return (
    <div className="flex flex-col gap-5">
      <div className="flex items-center justify-between gap-3">
        <StateBadge state={job.state} />
        {maySend && CAN_CANCEL.includes(job.state) ? (
          <Button size="sm" variant="danger" busy={cancel.isPending} onClick={() => cancel.mutate()}>
            <X aria-hidden className="size-3.5" /> Cancel
          </Button>
        ) : null}
      </div>
      {job.error ? (
        <p role="alert" className="rounded-md bg-crit-wash px-3 py-2 text-13 text-crit">
          {job.error.message}
          {job.error.line === null ? null : ` (line ${job.error.line}, byte ${job.error.offset})`}
        </p>
      ) : null}
      {job.comparedUnlike > 0 ? (
        <p className="rounded-md bg-warn-wash px-3 py-2 text-13 text-warn">
          In {count(job.comparedUnlike)} records the filter compared text with a number, which never matches; cast the
          field first.
        </p>
      ) : null}
      {job.selectedNothing > 0 ? (
        <p className="rounded-md bg-warn-wash px-3 py-2 text-13 text-warn">
          {count(job.selectedNothing)} records have none of the selected fields.
        </p>
      ) : null}
      <Progress job={job} />
      <dl className="grid grid-cols-2 gap-4">
        <Stat label="Received" value={progressText(job)} />
        <Stat label="Rate" value={`${formatBytes(job.bytesPerSecond)}/s`} />
        <Stat label="Records stored" value={count(job.records)} hint={`${count(job.filtered)} filtered out`} />
        <Stat label="Rejected" value={count(job.rejected)} />
        <Stat
          label="In memory now"
          value={formatBytes(job.bufferedBytes)}
          hint={`at most ${formatBytes(job.peakBufferedBytes)}`}
        />
        <Stat label="Resumes at" value={job.resumable ? `byte ${count(job.uploadOffset)}` : null} />
        {job.encoding === null ? null : <Stat label="Encoding" value={job.encoding} />}
        {job.delimiter === null ? null : <Stat label="Delimiter" value={delimiterName(job.delimiter)} />}
        <Stat label="Started" size="sm" value={job.startedAt ? <Moment atMs={Date.parse(job.startedAt)} /> : null} />
        <Stat label="Finished" size="sm" value={job.finishedAt ? <Moment atMs={Date.parse(job.finishedAt)} /> : null} />
      </dl>
      {maySend && job.records > 0 && job.target !== "none" ? (
        <Button asChild size="sm" className="self-start">
          <a href={resultsPath(job.id)} download={`results-${job.id}.ndjson`}>
            <Download aria-hidden className="size-3.5" /> IDs of the records stored
          </a>
        </Button>
      ) : null}
      {maySend && job.rejected > 0 ? <Rejects job={job} /> : null}
    </div>
  );
}

const DELIMITERS: Readonly<Record<string, string>> = { ",": "comma", ";": "semicolon", "|": "bar", "\t": "tab" };
const delimiterName = (delimiter: string): string => DELIMITERS[delimiter] ?? delimiter;

/** How many rejects have each code, the most frequent first. */
function reasonsOf(rejects: readonly StreamReject[]): string {
  const counts = new Map<string, number>();
  for (const { code } of rejects) counts.set(code, (counts.get(code) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  return sorted.map(([code, times]) => `${code} ${count(times)}`).join(" · ");
}

function Rejects({ job }: { job: StreamJobView }) {
  const { data, isError } = useQuery(rejectsQuery(job.id, job.rejected));
  return (
    <section aria-label="Records set aside" className="flex flex-col gap-2">
      <div className="flex items-center justify-between">
        <h3 className="text-14">Set aside</h3>
        <Button asChild size="sm">
          <a href={rejectsPath(job.id)} download={`rejects-${job.id}.ndjson`}>
            <Download aria-hidden className="size-3.5" /> All as NDJSON
          </a>
        </Button>
      </div>
      {data && data.length > 1 ? (
        <p className="text-12 text-soft">
          {data.length < job.rejected ? `Of the first ${count(data.length)}: ` : null}
          {reasonsOf(data)}
        </p>
      ) : null}
      {isError ? <p className="text-13 text-crit">They cannot be read now.</p> : null}
      <ol className="flex flex-col gap-2">
        {(data ?? []).map((reject) => (
          <li key={`${reject.offset} ${reject.code}`} className="rounded-md bg-surface-2 px-3 py-2 text-12">
            <span className="tabular text-strong">line {count(reject.line)}</span>{" "}
            <span className="tabular text-faint">byte {count(reject.offset)}</span> ·{" "}
            <span className="text-warn">{reject.code}</span>
            <span className="block text-soft">{reject.message}</span>
            {reject.excerpt === "" ? null : (
              <code className="block truncate font-mono text-soft">{reject.excerpt}</code>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
