import type { StreamJob } from "../../../services/stream-job.ts";
import type { Upload } from "../../../services/stream-job-parts.ts";
import { AppError } from "../../../shared/errors.ts";
import { type ContentEncoding, HAS_ZSTD } from "../../../streaming/inflate.ts";

/**
 * As in the resumable-upload draft (draft-ietf-httpbis-resumable-upload): where the stream goes on, and whether it is
 * whole.
 */
export function uploadHeaders(job: StreamJob): Record<string, string> {
  return {
    "Upload-Offset": String(job.uploadOffset),
    "Upload-Complete": job.state === "completed" ? "?1" : "?0",
  };
}

/** The request's body as an upload from `offset`. @throws {AppError} for invalid headers. */
export function readUpload(request: Request, chunks: AsyncIterable<Uint8Array> | undefined, offset: number): Upload {
  return {
    body: chunks ?? chunksOf(request.body),
    encoding: encodingOf(request.headers.get("content-encoding")),
    complete: isComplete(request.headers.get("upload-complete")),
    bytesTotal: totalOf(request.headers, offset),
  };
}

const TAKEN: readonly ContentEncoding[] = ["gzip", "br", "deflate", ...(HAS_ZSTD ? (["zstd"] as const) : [])];
const isTaken = (name: string): name is ContentEncoding => name === "identity" || TAKEN.some((each) => each === name);

function encodingOf(header: string | null): ContentEncoding {
  const name = (header ?? "identity").trim().toLowerCase();
  if (name === "x-gzip") return "gzip";
  if (isTaken(name)) return name;
  const why = name === "zstd" ? `zstd needs Node.js 22.15 or later; this server runs on ${process.version}.  ` : "";
  throw new AppError(
    "unsupported-media-type",
    `${why}Send the body uncompressed, or as ${TAKEN.slice(0, -1).join(", ")} or ${TAKEN.at(-1)}.`,
    {
      headers: { "Accept-Encoding": `${TAKEN.join(", ")}, identity`, Connection: "close" },
    },
  );
}

/** A structured-field boolean; without it, the body is the complete rest. */
function isComplete(header: string | null): boolean {
  if (header === null || header === "?1") return true;
  if (header === "?0") return false;
  throw new AppError("validation-failed", "Upload-Complete must be ?1 or ?0.", {
    errors: [{ path: "header.upload-complete", message: "must be ?1 or ?0" }],
  });
}

function totalOf(headers: Headers, offset: number): number | null {
  const whole = headers.get("upload-length");
  if (whole !== null && /^\d{1,15}$/.test(whole)) return Number(whole);
  const rest = headers.get("content-length");
  const complete = headers.get("upload-complete") !== "?0";
  return rest !== null && complete ? offset + Number(rest) : null;
}

async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Ended early: the rest is not needed. A stream that has failed has nothing to cancel.
    reader.cancel().catch(() => undefined);
  }
}
