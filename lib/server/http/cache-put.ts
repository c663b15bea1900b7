import { maxAgeSchema, mediaTypeSchema, tagsSchema } from "../../contracts/cache.ts";
import type { CachePut, Encoding } from "../../ports/cache-store.ts";
import { AppError } from "../../shared/errors.ts";
import { acceptedEncodings } from "./accept-encoding.ts";

/** What the headers of a `PUT /api/v1/cache/{key}` say. @throws {AppError} `validation-failed` that names the header. */
export function toCachePut(headers: Headers): Omit<CachePut, "namespace" | "key" | "body"> {
  const mediaType = check(mediaTypeSchema, headers.get("content-type") ?? "application/octet-stream", "Content-Type");
  const tags = check(tagsSchema, splitTags(headers.get("cache-tag")), "Cache-Tag");
  const maxAgeSeconds = maxAge(headers.get("cache-control"));
  const lease = headers.get("x-fill-lease");
  return {
    // `readBody` refuses any other.
    encoding: (headers.get("content-encoding")?.toLowerCase() ?? "identity") as Encoding,
    mediaType,
    tags,
    accepts: acceptedEncodings(headers.get("accept-encoding")),
    maxAgeMs: maxAgeSeconds === undefined ? undefined : maxAgeSeconds * 1000,
    lease: lease ?? undefined,
  };
}

function splitTags(header: string | null): string[] {
  return (header ?? "")
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
}

/** `max-age`, or 0 for `no-store`; the store's own time to live without either. */
function maxAge(header: string | null): number | undefined {
  const directives = (header ?? "")
    .toLowerCase()
    .split(",")
    .map((directive) => directive.trim());
  if (directives.includes("no-store")) return 0;
  const directive = directives.find((text) => /^max-age(?:\s*=|$)/.test(text));
  if (directive === undefined) return undefined;
  const seconds = /^max-age=(?:"(\d{1,12})"|(\d{1,12}))$/.exec(directive);
  if (!seconds) throw invalid("Cache-Control", "max-age must be a whole number of seconds, 0 or more");
  return check(maxAgeSchema, Number(seconds[1] ?? seconds[2]), "Cache-Control");
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
