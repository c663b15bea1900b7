import { z } from "zod";
import { idSchema, page } from "../../../contracts/common.ts";
import {
  type StreamQuery,
  type StreamTarget,
  streamJobSchema,
  streamListQuery,
  streamQuerySchema,
} from "../../../contracts/streams.ts";
import type { StreamJob } from "../../../services/stream-job.ts";
import type { StreamJobSpec, Upload } from "../../../services/stream-job-parts.ts";
import { AppError } from "../../../shared/errors.ts";
import { decodeAgeCursor, encodeAgeCursor, pageOf } from "../answer/page-cursor.ts";
import { pulledBody } from "../answer/pulled-body.ts";
import { defineRoute, type ReplyWith, type Route, reply } from "../define-route.ts";
import { readFilterParameter } from "../intake/read-filter.ts";
import { readUpload, uploadHeaders } from "../intake/upload.ts";

const streamParams = z.object({ id: idSchema });
const JOBS = "/api/v1/streams";

const DEFAULT_BATCH = 500;
const PROGRESS = ["Location", "Upload-Offset", "Upload-Complete"] as const;

const createRoute = defineRoute(
  {
    method: "post",
    path: JOBS,
    role: "consumer",
    tag: "streams",
    summary: "Upload data of any size; it is parsed, transformed and stored while it arrives, in bounded memory",
    query: streamQuerySchema,
    queryExample: { target: "rag" },
    rawBody:
      "The data, in the format given in the query; Content-Encoding may be gzip, br or deflate, and zstd from Node.js 22.15; empty where parts of it follow",
    bodyOptional: true,
    requestHeaders: ["Content-Encoding", "Upload-Length", "Upload-Complete"],
    errors: [404, 409, 422, 502, 504],
    streams: true,
    responses: {
      200: { description: "With `wait=1`: the finished job", schema: streamJobSchema, headers: PROGRESS },
      202: {
        description: "The body, or a part of it, was received; Location is the job's address",
        schema: streamJobSchema,
        headers: PROGRESS,
      },
    },
  },
  async ({ runtime, query, request, chunks, namespace }) => {
    const upload = readUpload(request, chunks, 0);
    const { jobs } = runtime.streams;
    const { job, under } = await jobs.start(namespace, specOf(query), upload);
    return await settle(job, under, upload, query.wait === true);
  },
);

/**
 * Responds when the body is received, or with `wait` when all of it is stored. A part is always answered when stored:
 * only then does Upload-Offset point to the start of the next part, and only then may the next part arrive.
 */
async function settle(
  job: StreamJob,
  under: { received: Promise<void>; ended: Promise<void> },
  { complete }: Upload,
  wait: boolean,
): Promise<ReplyWith> {
  const headers = { Location: `${JOBS}/${job.id}` };
  try {
    await (wait || !complete ? under.ended : under.received);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, errors, cause, retryAfterSeconds } = error;
    // The body may not have been read to its end, so the connection cannot be reused.
    const all = { ...headers, ...error.headers, ...uploadHeaders(job), Connection: "close" };
    throw new AppError(code, message, { errors, cause, retryAfterSeconds, headers: all });
  }
  return reply(wait ? 200 : 202, job.view(), { ...headers, ...uploadHeaders(job) });
}

const resumeRoute = defineRoute(
  {
    method: "patch",
    path: `${JOBS}/{id}`,
    role: "consumer",
    tag: "streams",
    summary: "Resume an interrupted stream at its Upload-Offset",
    params: streamParams,
    query: z.strictObject({ wait: streamQuerySchema.shape.wait }),
    rawBody: "The rest of the data, from Upload-Offset; empty where no more follows",
    bodyOptional: true,
    requestHeaders: ["Upload-Offset", "Content-Encoding", "Upload-Length", "Upload-Complete"],
    errors: [409, 422, 502, 504],
    streams: true,
    responses: {
      200: { description: "With `wait=1`: the finished job", schema: streamJobSchema, headers: PROGRESS },
      202: { description: "The body, or a part of it, was received", schema: streamJobSchema, headers: PROGRESS },
    },
  },
  async ({ runtime, params, query, request, chunks, namespace }) => {
    const { jobs } = runtime.streams;
    const job = await jobs.find(namespace, params.id);
    const offset = request.headers.get("upload-offset");
    if (offset === null || !/^\d{1,15}$/.test(offset))
      throw new AppError("validation-failed", "Upload-Offset must give the byte offset at which this body begins.", {
        errors: [{ path: "header.upload-offset", message: "must be a whole number of bytes" }],
      });
    if (job.active)
      throw new AppError("conflict", "Another request is already sending data to this stream.", {
        headers: uploadHeaders(job),
      });
    if (job.resumable && Number(offset) !== job.uploadOffset)
      throw new AppError("upload-offset-mismatch", `Resume the stream at offset ${job.uploadOffset}.`, {
        headers: { ...uploadHeaders(job), Connection: "close" },
      });
    const upload = readUpload(request, chunks, Number(offset));
    return await settle(job, jobs.upload(job, upload), upload, query.wait === true);
  },
);

/** The logs of a job about single records. */
function logRoute(log: "rejects" | "results", summary: string, description: string): Route {
  return defineRoute(
    {
      method: "get",
      path: `${JOBS}/{id}/${log}`,
      role: "consumer",
      tag: "streams",
      summary: `${summary}, as NDJSON; up to 16 MB per stream, and older streams make room for newer ones`,
      params: streamParams,
      streams: true,
      responses: { 200: { description, mediaType: "application/x-ndjson" } },
    },
    async ({ runtime, params, namespace }) => {
      const job = await runtime.streams.jobs.find(namespace, params.id);
      const lines = await job[log].read();
      const body = pulledBody(lines[Symbol.asyncIterator](), { clock: runtime.clock, done: () => lines.destroy() });
      return reply(200, body, { "Content-Type": "application/x-ndjson; charset=utf-8" });
    },
  );
}

const readRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: JOBS,
      role: ["viewer", "consumer"],
      tag: "streams",
      summary: "List streams, newest first; the newest 1,000 are kept",
      query: streamListQuery,
      responses: { 200: { description: "A page of jobs", schema: page(streamJobSchema) } },
    },
    async ({ runtime, query, namespace }) => {
      const { limit, cursor, state = null } = query;
      const found = await runtime.streams.jobs.list(namespace, {
        limit: limit + 1,
        before: decodeAgeCursor(cursor),
        state,
      });
      return pageOf(found, limit, encodeAgeCursor);
    },
  ),
  defineRoute(
    {
      method: "get",
      path: `${JOBS}/{id}`,
      role: ["viewer", "consumer"],
      tag: "streams",
      summary: "Get a stream",
      head: "Get the offset at which a stream resumes",
      params: streamParams,
      responses: {
        200: { description: "The job", schema: streamJobSchema, headers: ["Upload-Offset", "Upload-Complete"] },
      },
    },
    async ({ runtime, params, namespace }) => {
      const job = await runtime.streams.jobs.find(namespace, params.id);
      return reply(200, job.view(), uploadHeaders(job));
    },
  ),
  logRoute("rejects", "Get the rejected records", "One {line, offset, code, message, excerpt} per line"),
  logRoute("results", "Get the ids under which the records were stored", "One {line, offset, id} per line"),
];

const cancelRoute = defineRoute(
  {
    method: "delete",
    path: `${JOBS}/{id}`,
    role: "consumer",
    tag: "streams",
    summary: "Cancel a stream; batches that were already stored stay",
    params: streamParams,
    errors: [409],
    responses: { 204: { description: "Cancelled" } },
  },
  async ({ runtime, params, namespace }) => {
    const job = await runtime.streams.jobs.find(namespace, params.id);
    await runtime.streams.jobs.cancel(job);
    return reply(204);
  },
);

export const streamRoutes: readonly Route[] = [createRoute, ...readRoutes, resumeRoute, cancelRoute];

const targetText = ({ kind, name }: StreamTarget): string => (name === null ? kind : `${kind}:${name}`);

/** Parameters that apply to some formats only. */
const ONLY_FOR: Readonly<Record<string, readonly string[]>> = {
  encoding: ["ndjson", "json", "csv", "text"],
  path: ["json"],
  delimiter: ["csv"],
  columns: ["csv"],
  dimensions: ["fvecs", "bvecs", "f32"],
  by: ["text"],
};

/**
 * @throws {AppError} `validation-failed` for a parameter that the format does not know, or a filter that cannot be
 * read.
 */
function specOf(query: StreamQuery): StreamJobSpec {
  const {
    format,
    target,
    encoding,
    path,
    columns,
    dimensions,
    by,
    select,
    rename,
    cast,
    constant,
    batchSize,
    decimal,
  } = query;
  for (const [name, formats] of Object.entries(ONLY_FOR)) {
    if (Object.hasOwn(query, name) && !formats.includes(format))
      throw wrong(name, `is only available for ${formats.join(", ")}`);
  }
  if (query.embed !== undefined && target.kind !== "vectors") throw wrong("embed", "is only available for vectors");
  if (format === "f32" && dimensions === undefined) throw wrong("dimensions", "is required for f32");
  if (columns && new Set(columns).size < columns.length) throw wrong("columns", "must not repeat a column name");
  const delimiter = query.delimiter === "auto" ? undefined : query.delimiter;
  const given = { encoding, path, delimiter, columns, dimensions, by };
  const where = readFilterParameter(query.where, "where") ?? undefined;
  return {
    target: targetText(target),
    format,
    batchSize: batchSize ?? DEFAULT_BATCH,
    ...(query.embed === undefined ? {} : { embed: query.embed }),
    parse: {
      format,
      ...defined(given),
      transform: defined({ where, select, rename, cast, constant, decimal, nulls: query.null }),
    },
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the members that are undefined. */
function defined<T extends object>(members: T): Defined<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function wrong(name: string, message: string): AppError {
  const path = `query.${name}`;
  return new AppError("validation-failed", `${path} ${message}.`, { errors: [{ path, message }] });
}
