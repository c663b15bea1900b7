import { queryOptions } from "@tanstack/react-query";
import { readDocument } from "../api-document/document.ts";
import { send } from "../http.ts";

/** The API's own description. It changes with the server only. */
export const apiDocumentQuery = queryOptions({
  queryKey: ["api-document"],
  queryFn: async ({ signal }) => {
    const response = await send("/openapi.json", { signal });
    return readDocument(await response.json());
  },
  staleTime: Number.POSITIVE_INFINITY,
});
