import { exportQuerySchema } from "../../../contracts/streams.ts";
import { AppError } from "../../../shared/errors.ts";
import { encodeExport } from "../../../streaming/encode-export.ts";
import { requireRole } from "../../auth/authenticate.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";
import { pulledBody } from "../pulled-body.ts";

/** What an export holds: a page of records, a chunk that is made and one that is sent. */
const EXPORT_BYTES = 1024 * 1024;

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
    summary: "Everything of a store back out, as a stream; history and audit are for operators",
    query: exportQuerySchema,
    streams: true,
    responses: { 200: { description: "The records", mediaType: "application/x-ndjson" } },
  },
  async ({ runtime, query, namespace, identity, request }) => {
    const { source, format } = query;
    if (source === "history" || source === "audit") requireRole(identity, "operator");
    if (format === "fvecs" && !source.startsWith("vectors:"))
      throw new AppError("validation-failed", "query.format fvecs is for vectors only.", {
        errors: [{ path: "query.format", message: "fvecs is for vectors only" }],
      });
    if (query.spreadsheetSafe && format !== "csv")
      throw new AppError("validation-failed", "query.spreadsheetSafe is for csv only.", {
        errors: [{ path: "query.spreadsheetSafe", message: "is for csv only" }],
      });
    const { records, columns } = await runtime.streams.exporter(source, namespace);
    const { budget } = runtime.streams;
    if (!(await budget.take(EXPORT_BYTES, request.signal, namespace)))
      throw new AppError("memory-pressure", "There is no memory for an export now.", {
        headers: { "Retry-After": "5" },
      });
    const chunks = encodeExport(records, format, columns, query.spreadsheetSafe);
    const body = pulledBody(chunks, { clock: runtime.clock, done: () => budget.give(EXPORT_BYTES, namespace) });
    return reply(200, body, { "Content-Type": MEDIA_TYPES[format] });
  },
);

export const exportRoutes: readonly Route[] = [exportRoute];
