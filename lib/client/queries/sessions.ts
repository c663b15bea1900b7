import { infiniteQueryOptions } from "@tanstack/react-query";
import { page } from "../../contracts/common.ts";
import { sessionSchema, sessionWithDataSchema } from "../../contracts/sessions.ts";
import { call, callForNothing } from "../http.ts";

const PATH = "/api/v1/sessions";
const one = (id: string) => `${PATH}/${encodeURIComponent(id)}`;
const inNamespace = (namespace: string) => ({ "x-namespace": namespace });

/** Live sessions of a namespace, newest first, page by page. Listing slides no timeout. */
export function sessionsQuery(namespace: string) {
  return infiniteQueryOptions({
    queryKey: ["sessions", namespace],
    queryFn: ({ pageParam, signal }) =>
      call(page(sessionSchema), PATH, {
        query: { limit: 200, cursor: pageParam },
        headers: inNamespace(namespace),
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
  });
}

/** Reads a session with its data. That is a use: its idle timeout starts again. */
export function readSession(namespace: string, id: string) {
  return call(sessionWithDataSchema, one(id), { headers: inNamespace(namespace) });
}

export function endSession(namespace: string, id: string): Promise<void> {
  return callForNothing(one(id), { method: "DELETE", headers: inNamespace(namespace) });
}
