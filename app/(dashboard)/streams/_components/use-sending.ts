import { useCallback, useEffect, useRef, useState } from "react";
import { createStream, type NewStream, sendFile } from "../../../../lib/client/queries/streams.ts";
import type { StreamJobView } from "../../../../lib/contracts/streams.ts";
import { toastDone, toastError } from "../../../_components/ui/toast.ts";

export interface Sending {
  file: File;
  job: StreamJobView;
  /** True while this page is sending; false when it broke off and can go on. */
  active: boolean;
}

/** Sends one file from this page: starts it, and goes on with it when it broke off. Leaving the page breaks it off. */
export function useSending(onJob: (job: StreamJobView) => void) {
  const [sending, setSending] = useState<Sending | null>(null);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);

  const run = useCallback(
    async (job: StreamJobView, file: File) => {
      abort.current = new AbortController();
      setSending({ file, job, active: true });
      try {
        const done = await sendFile(job, file, abort.current.signal);
        onJob(done);
        setSending(null);
        toastDone("Received", `${file.name}: ${done.records.toLocaleString("en-US")} records.`);
      } catch (error) {
        setSending({ file, job, active: false });
        if (!abort.current.signal.aborted) toastError(error);
      }
    },
    [onJob],
  );

  const start = useCallback(
    async (file: File, query: NewStream) => {
      try {
        const job = await createStream(query);
        onJob(job);
        await run(job, file);
      } catch (error) {
        toastError(error);
      }
    },
    [onJob, run],
  );

  /** Breaks the sending off; what is kept stays, and the job can go on. */
  const pause = useCallback(() => abort.current?.abort(), []);
  const forget = useCallback(() => setSending(null), []);
  return { sending, start, resume: run, pause, forget };
}
