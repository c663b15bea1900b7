import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import { createdKeySchema, keyViewSchema, type newKeySchema } from "../../contracts/auth.ts";
import { page } from "../../contracts/common.ts";
import { call, callForNothing } from "../http.ts";

/** Every API key that is not revoked, without the keys themselves. */
export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: ({ signal }) => call(page(keyViewSchema), "/api/v1/keys", { query: { limit: 500 }, signal }),
});

/** The answer carries the key: the only time that it can be read. */
export function createKey(request: z.input<typeof newKeySchema>) {
  return call(createdKeySchema, "/api/v1/keys", { method: "POST", body: request });
}

export function revokeKey(id: string): Promise<void> {
  return callForNothing(`/api/v1/keys/${encodeURIComponent(id)}`, { method: "DELETE" });
}
