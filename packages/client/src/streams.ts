import { ConflictError, ConnectionError, HeadroomError, TimeoutError, UnavailableError } from "./errors.ts";
import { List } from "./pages.ts";
import { type CallOptions, delay, discard, type Query, segment, type Transport } from "./transport.ts";
import type { StreamJob, StreamReject } from "./types.ts";

const BASE = "/api/v1/streams";
const RESUME_ATTEMPTS = 8;

/** A record that was stored: where it stood in the file, and its id. */
export interface StreamResult {
  line: number;
  offset: number;
  id: string;
}

/** Where records go, and how they are read. All parameters of `POST /api/v1/streams` may be given. */
export interface UploadOptions extends CallOptions {
  target: "none" | "rag" | "cache" | "sessions" | `vectors:${string}`;
  format: "ndjson" | "json" | "csv" | "fvecs" | "bvecs" | "f32" | "text";
  parameters?: Query | undefined;
  contentEncoding?: "gzip" | "br" | "deflate" | "zstd" | undefined;
  /** Called when the server has taken more, at most twice a second. */
  onProgress?: ((job: StreamJob) => void) | undefined;
}

/** A source that can be read again from an offset: only such an upload goes on after its connection broke. */
export type UploadSource = Blob | Uint8Array | { size: number; from(offset: number): ReadableStream<Uint8Array> };

/** Streams: files of any size, taken in record by record. */
export class Streams {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Sends a file and resolves with its finished job; look at `state` and `rejected`. A connection that breaks is taken up
   * where the server stands. @throws {HeadroomError} when the server refuses, or stays away.
   */
  async upload(source: UploadSource, options: UploadOptions): Promise<StreamJob> {
    const { target, format, parameters, contentEncoding, onProgress, ...call } = options;
    const job = await this.#begin({ target, format, ...parameters }, call);
    const stop = onProgress ? this.#watch(job.id, onProgress) : undefined;
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          return await this.#send(job.id, source, contentEncoding, call);
        } catch (error) {
          if (attempt >= RESUME_ATTEMPTS || !mayResume(error)) throw error;
          await delay(Math.min(10_000, 200 * 2 ** attempt), call.signal);
        }
      }
    } finally {
      stop?.();
    }
  }

  /** Sends a stream that cannot be read again, once. @throws {ConnectionError} when the connection breaks. */
  async uploadOnce(body: ReadableStream<Uint8Array>, options: UploadOptions): Promise<StreamJob> {
    const { target, format, parameters, contentEncoding, onProgress: _, ...call } = options;
    const headers = contentEncoding ? { "content-encoding": contentEncoding } : undefined;
    const query = { target, format, ...parameters, wait: 1 };
    return await this.#transport.json("POST", BASE, { query, body, headers }, { timeoutMs: 0, ...call });
  }

  get(id: string, options: CallOptions = {}): Promise<StreamJob | null> {
    return this.#transport.find(`${BASE}/${segment(id)}`, {}, options);
  }

  list({
    state,
    limit,
    ...options
  }: CallOptions & { state?: StreamJob["state"]; limit?: number } = {}): List<StreamJob> {
    return new List(this.#transport, BASE, { state, limit }, options);
  }

  /** Stops a stream; what is stored stays. */
  cancel(id: string, options: CallOptions = {}): Promise<boolean> {
    return this.#transport.remove(`${BASE}/${segment(id)}`, {}, options);
  }

  /** The records that were refused, one after another. */
  rejects(id: string, options: CallOptions = {}): AsyncGenerator<StreamReject, void, undefined> {
    return readLines(this.#transport, `${BASE}/${segment(id)}/rejects`, {}, options);
  }

  /** The ids under which records were stored. */
  results(id: string, options: CallOptions = {}): AsyncGenerator<StreamResult, void, undefined> {
    return readLines(this.#transport, `${BASE}/${segment(id)}/results`, {}, options);
  }

  /** All data of a store, one record after another. */
  export<Item = Record<string, unknown>>(
    source: string,
    options: CallOptions = {},
  ): AsyncGenerator<Item, void, undefined> {
    return readLines(this.#transport, "/api/v1/export", { source, format: "ndjson" }, options);
  }

  /** All data of a store as bytes, in the format asked for. */
  exportBytes(
    source: string,
    format: "ndjson" | "csv" | "fvecs",
    options: CallOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    return this.#transport.request(
      "GET",
      "/api/v1/export",
      { query: { source, format } },
      options,
      async ({ body }) => {
        return body ?? new ReadableStream({ start: (controller) => controller.close() });
      },
    );
  }

  async #begin(query: Query, options: CallOptions): Promise<StreamJob> {
    const headers = { "upload-complete": "?0" };
    return await this.#transport.json("POST", BASE, { query, headers, body: "" }, options);
  }

  async #send(
    id: string,
    source: UploadSource,
    encoding: string | undefined,
    options: CallOptions,
  ): Promise<StreamJob> {
    const path = `${BASE}/${segment(id)}`;
    const job = await this.#transport.json<StreamJob>("GET", path, {}, options);
    if (!job.resumable) return job;
    const size = sizeOf(source);
    const headers: Record<string, string> = {
      "upload-offset": String(job.uploadOffset),
      "upload-length": String(size),
    };
    if (encoding) headers["content-encoding"] = encoding;
    const body = bodyFrom(source, job.uploadOffset);
    return await this.#transport.json(
      "PATCH",
      path,
      { query: { wait: 1 }, headers, body },
      { ...options, timeoutMs: 0, retries: 0 },
    );
  }

  #watch(id: string, onProgress: (job: StreamJob) => void): () => void {
    let last = -1;
    let busy = false;
    const timer = setInterval(async () => {
      if (busy) return;
      busy = true;
      const job = await this.get(id, { retries: 0 }).catch(() => null);
      busy = false;
      if (!job || job.bytesRead === last) return;
      last = job.bytesRead;
      onProgress(job);
    }, 500);
    return () => clearInterval(timer);
  }
}

const mayResume = (error: unknown): boolean =>
  error instanceof ConnectionError ||
  error instanceof TimeoutError ||
  error instanceof UnavailableError ||
  // The request before is still ending on the server.
  (error instanceof ConflictError && (error.code === "conflict" || error.code === "upload-offset-mismatch"));

function sizeOf(source: UploadSource): number {
  return source instanceof Uint8Array ? source.byteLength : source.size;
}

function bodyFrom(source: UploadSource, offset: number): BodyInit {
  if (source instanceof Uint8Array) return source.subarray(offset) as BodyInit;
  return source instanceof Blob ? source.slice(offset) : source.from(offset);
}

/** NDJSON line by line. Whoever stops reading early ends the download. */
export async function* readLines<Item>(
  transport: Transport,
  path: string,
  query: Query,
  options: CallOptions,
): AsyncGenerator<Item, void, undefined> {
  const response = await transport.request("GET", path, { query }, options, async (answer) => answer);
  if (!response.body) return await discard(response);
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const lines = (rest + (done ? decoder.decode() : decoder.decode(value, { stream: true }))).split("\n");
      rest = done ? "" : (lines.pop() ?? "");
      for (const line of lines) if (line !== "") yield JSON.parse(line) as Item;
      if (done) return;
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof HeadroomError || error instanceof SyntaxError) throw error;
    throw new ConnectionError("The connection broke while data were read.", {
      status: 0,
      code: "no-response",
      cause: error,
    });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
