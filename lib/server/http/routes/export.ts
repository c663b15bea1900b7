import { exportQuerySchema } from "../../../contracts/streams.ts";
import { MIB } from "../../../shared/bytes.ts";
import { AppError } from "../../../shared/errors.ts";
import { encodeExport } from "../../../streaming/encode-export.ts";
import { requireRole } from "../../auth/authenticate.ts";
import { pulledBody } from "../answer/pulled-body.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";

/** Sources for operators only: data of all namespaces, and data with secrets of others. */
const OPERATORS: ReadonlySet<string> = new Set(["history", "audit", "sessions", "cache"]);
/** Exports that are recorded in the audit log. */
const AUDITED: ReadonlySet<string> = new Set(["sessions", "cache"]);

/** Memory of an export: a page of records, a chunk in production and a chunk in transit. */
const EXPORT_BYTES = MIB;

const MEDIA_TYPES = {
  ndjson: "application/x-ndjson; charset=utf-8",
  csv: "text/csv; charset=utf-8; header=present",
  fvecs: "application/octet-stream",
} as const;

const exportRoute = defineRoute(
  {
    method: "get",
    path: "/api/v1/export",
    role: "consumer",
    tag: "streams",
    summary: "Export the contents of a store as a stream; history, audit, sessions and cache are for operators only",
    query: exportQuerySchema,
    streams: true,
    errors: [404, 422],
    responses: {
      200: {
        description: "The records",
        mediaType: ["application/x-ndjson", "text/csv", "application/octet-stream"],
      },
    },
  },
  async ({ runtime, query, namespace, identity, request, requestId }) => {
    const { source, format } = query;
    if (OPERATORS.has(source)) requireRole(identity, "operator");
    if (format === "fvecs" && !source.startsWith("vectors:"))
      throw new AppError("validation-failed", "query.format: fvecs is only available for vectors.", {
        errors: [{ path: "query.format", message: "fvecs is only available for vectors" }],
      });
    if (query.spreadsheetSafe && format !== "csv")
      throw new AppError("validation-failed", "query.spreadsheetSafe is only available for csv.", {
        errors: [{ path: "query.spreadsheetSafe", message: "is only available for csv" }],
      });
    const { records, columns, heldBytes = EXPORT_BYTES } = await runtime.streams.exporter(source, namespace);
    const release = await runtime.streams.exportRoom.reserve(heldBytes, namespace, request.signal);
    if (release === null)
      throw new AppError("memory-pressure", "Not enough free memory for an export right now. Retry later.", {
        headers: { "Retry-After": "5" },
      });
    if (AUDITED.has(source))
      await runtime.audit.done(identity, "export", source, namespace, requestId).catch((error: unknown) => {
        release();
        throw error;
      });
    const chunks = encodeExport(records, format, columns, query.spreadsheetSafe);
    const body = pulledBody(chunks, { clock: runtime.clock, done: release });
    return reply(200, body, { "Content-Type": MEDIA_TYPES[format] });
  },
);

export const exportRoutes: readonly Route[] = [exportRoute];
