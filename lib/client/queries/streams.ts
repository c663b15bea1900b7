import { queryOptions } from "@tanstack/react-query";
import { z } from "zod";
import { page } from "../../contracts/common.ts";
import {
  type StreamFormatName,
  type StreamJobView,
  type StreamReject,
  streamJobSchema,
  streamRejectSchema,
} from "../../contracts/streams.ts";
import { call, callForNothing, send, withQuery } from "../http.ts";
import { readProblem } from "../problem.ts";

const streamPageSchema = page(streamJobSchema);
export type StreamPage = z.output<typeof streamPageSchema>;

/** Streams that a page lists. */
const MOST_STREAMS = 200;

/** The newest streams; the live socket keeps them up to date. */
export const streamsQuery = queryOptions({
  queryKey: ["streams"],
  queryFn: ({ signal }) => call(streamPageSchema, "/api/v1/streams", { query: { limit: MOST_STREAMS }, signal }),
});

/** The list with news of a job in its place, or on top when it is new. */
export function withJob(page: StreamPage, job: StreamJobView): StreamPage {
  const known = page.items.some(({ id }) => id === job.id);
  const items = known ? page.items.map((item) => (item.id === job.id ? job : item)) : [job, ...page.items];
  return { ...page, items: items.slice(0, MOST_STREAMS) };
}

/** Rejects shown; the whole list is a download. */
const SHOWN_REJECTS = 100;

export function rejectsQuery(id: string, rejected: number) {
  return queryOptions({
    queryKey: ["streams", id, "rejects", rejected],
    queryFn: ({ signal }) => readRejects(id, signal),
    enabled: rejected > 0,
  });
}

async function readRejects(id: string, signal: AbortSignal): Promise<StreamReject[]> {
  const response = await send(rejectsPath(id), { signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let ended = !reader;
  while (reader && !ended && text.split("\n").length <= SHOWN_REJECTS) {
    const { done, value } = await reader.read();
    text += value ?? "";
    ended = done;
  }
  await reader?.cancel();
  const lines = text.split("\n").slice(0, -1).slice(0, SHOWN_REJECTS);
  return z.array(streamRejectSchema).parse(lines.map((line) => JSON.parse(line)));
}

export const rejectsPath = (id: string): string => `/api/v1/streams/${encodeURIComponent(id)}/rejects`;
export const resultsPath = (id: string): string => `/api/v1/streams/${encodeURIComponent(id)}/results`;

export function cancelStream(id: string): Promise<void> {
  return callForNothing(`/api/v1/streams/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export interface NewStream {
  target: string;
  format: StreamFormatName;
  encoding?: string;
  delimiter?: string;
  path?: string;
  null?: string;
  cast?: string;
  decimal?: string;
  rename?: string;
  where?: string;
  select?: string;
}

/** Makes a job that nothing was sent to yet, so that it can be watched and cancelled from its first byte. */
export async function createStream(query: NewStream): Promise<StreamJobView> {
  return await call(streamJobSchema, "/api/v1/streams", {
    method: "POST",
    query: { ...query },
    headers: { "upload-complete": "?0" },
  });
}

/** Sends what the job has not got of the file. The browser reads it from disk as it goes. */
export async function sendFile(job: StreamJobView, file: File, signal: AbortSignal): Promise<StreamJobView> {
  const response = await fetch(withQuery(`/api/v1/streams/${encodeURIComponent(job.id)}`, { wait: 1 }), {
    method: "PATCH",
    credentials: "same-origin",
    headers: { "upload-offset": String(job.uploadOffset), "upload-length": String(file.size) },
    body: file.slice(job.uploadOffset),
    signal,
  });
  if (!response.ok) throw await readProblem(response);
  return streamJobSchema.parse(await response.json());
}
