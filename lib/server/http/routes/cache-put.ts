import { mediaTypeSchema, metaSchema, storedMediaType, tagsSchema } from "../../../contracts/cache.ts";
import type { CachePut, Encoding } from "../../../ports/cache-store.ts";
import { AppError } from "../../../shared/errors.ts";
import { acceptedEncodings } from "../answer/accept-encoding.ts";
import { readKeeping } from "../answer/cache-control.ts";

/** Parses the headers of a `PUT /api/v1/cache/{key}`. @throws {AppError} `validation-failed` that names the header. */
export function toCachePut(headers: Headers): Omit<CachePut, "namespace" | "key" | "body"> {
  const mediaType = check(mediaTypeSchema, storedMediaType(headers.get("content-type")), "Content-Type");
  const tags = check(tagsSchema, splitTags(headers.get("cache-tag")), "Cache-Tag");
  const meta = check(metaSchema, headers.get("cache-meta") ?? "", "Cache-Meta");
  const { freshSeconds, staleSeconds } = readKeeping(responseControl(headers));
  const lease = headers.get("x-fill-lease");
  return {
    // `readBody` refuses any other.
    encoding: (headers.get("content-encoding")?.toLowerCase() ?? "identity") as Encoding,
    mediaType,
    tags,
    meta,
    accepts: acceptedEncodings(headers.get("accept-encoding")),
    maxAgeMs: freshSeconds === undefined ? undefined : freshSeconds * 1000,
    staleMs: staleSeconds * 1000,
    lease: lease ?? undefined,
  };
}

/**
 * Directives that fetch adds to a request with a precondition (Fetch, "HTTP-network-or-cache fetch") do not concern the
 * response.
 */
function responseControl(headers: Headers): string | null {
  const control = headers.get("cache-control");
  const conditional = headers.has("if-none-match") || headers.has("if-match");
  return conditional && control === "no-cache" && headers.get("pragma") === "no-cache" ? null : control;
}

function splitTags(header: string | null): string[] {
  return (header ?? "")
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
}

interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: { message: string }[] } };
}

function check<T>(schema: Schema<T>, value: unknown, header: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(header, parsed.error.issues[0]?.message ?? "is not valid");
}

function invalid(header: string, message: string): AppError {
  return new AppError("validation-failed", `${header}: ${message}.`, {
    errors: [{ path: `header.${header.toLowerCase()}`, message }],
  });
}
