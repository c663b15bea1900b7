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

/** Why an upload was aborted when nobody will go on with it. */
const FORGOTTEN = "forgotten";

/** Sends one file from this page: starts it, and goes on with it when it broke off. Leaving the page breaks it off. */
export function useSending(onJob: (job: StreamJobView) => void) {
  const [sending, setSending] = useState<Sending | null>(null);
  const abort = useRef<AbortController | null>(null);
  const starting = useRef(false);
  useEffect(() => () => abort.current?.abort(), []);

  const run = useCallback(
    async (job: StreamJobView, file: File) => {
      const controller = new AbortController();
      const { signal } = controller;
      abort.current = controller;
      setSending({ file, job, active: true });
      try {
        const done = await sendFile(job, file, signal);
        onJob(done);
        setSending(null);
        toastDone("Received", `${file.name}: ${done.records.toLocaleString("en-US")} records.`);
      } catch (error) {
        if (signal.reason === FORGOTTEN) return;
        setSending({ file, job, active: false });
        if (!signal.aborted) toastError(error);
      }
    },
    [onJob],
  );

  const start = useCallback(
    async (file: File, query: NewStream) => {
      // A second press comes before the first has made the job.
      if (starting.current) return;
      starting.current = true;
      try {
        const job = await createStream(query);
        onJob(job);
        await run(job, file);
      } catch (error) {
        toastError(error);
      } finally {
        starting.current = false;
      }
    },
    [onJob, run],
  );

  /** Breaks the sending off; what is kept stays, and the job can go on. */
  const pause = useCallback(() => abort.current?.abort(), []);
  /** Ends the sending for good. */
  const forget = useCallback(() => {
    abort.current?.abort(FORGOTTEN);
    setSending(null);
  }, []);
  return { sending, start, resume: run, pause, forget };
}
