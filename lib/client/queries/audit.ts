import { infiniteQueryOptions } from "@tanstack/react-query";
import { auditEntrySchema } from "../../contracts/audit.ts";
import { page } from "../../contracts/common.ts";
import { call } from "../http.ts";

/** Who did what, newest first, page by page. */
export const auditQuery = infiniteQueryOptions({
  queryKey: ["audit"],
  queryFn: ({ pageParam, signal }) =>
    call(page(auditEntrySchema), "/api/v1/audit", { query: { limit: 100, cursor: pageParam }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.nextCursor,
});
