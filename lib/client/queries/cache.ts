import { infiniteQueryOptions } from "@tanstack/react-query";
import { cacheListSchema, type Purge, purgedSchema } from "../../contracts/cache.ts";
import { call, callForNothing, send } from "../http.ts";
import { ProblemError } from "../problem.ts";

const PATH = "/api/v1/cache";
const one = (key: string) => `${PATH}/${encodeURIComponent(key)}`;
const inNamespace = (namespace: string) => ({ "x-namespace": namespace });

export interface CacheFilter {
  namespace: string;
  prefix: string;
  tag: string;
}

/** Cached responses without their bodies, page by page. Listing counts as no hit. */
export function cacheEntriesQuery({ namespace, prefix, tag }: CacheFilter) {
  return infiniteQueryOptions({
    queryKey: ["cache", namespace, prefix, tag],
    queryFn: ({ pageParam, signal }) =>
      call(cacheListSchema, PATH, {
        query: { limit: 200, cursor: pageParam, prefix, tag },
        headers: inNamespace(namespace),
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
  });
}

/** As much of a body as a person reads. */
const PREVIEW_BYTES = 64 * 1024;

/** The beginning of a cached body as text; null for what is not text. It counts as a hit. */
export async function previewBody(namespace: string, key: string): Promise<{ text: string; cut: boolean } | null> {
  const headers = inNamespace(namespace);
  try {
    const response = await send(one(key), { headers: { ...headers, accept: "*/*" } });
    if (!/^text\/|json|xml|javascript/i.test(response.headers.get("content-type") ?? "")) return null;
    const bytes = new Uint8Array(await response.arrayBuffer());
    return { text: new TextDecoder().decode(bytes.subarray(0, PREVIEW_BYTES)), cut: bytes.length > PREVIEW_BYTES };
  } catch (error) {
    // It went in between, and the miss handed us its fill lease: without this, others would wait 10 s for us to compute it.
    if (error instanceof ProblemError && error.status === 404 && error.fillLease !== null) {
      await callForNothing(one(key), { method: "DELETE", headers: { ...headers, "x-fill-lease": error.fillLease } });
    }
    throw error;
  }
}

export function removeEntry(namespace: string, key: string): Promise<void> {
  return callForNothing(one(key), { method: "DELETE", headers: inNamespace(namespace) });
}

/** Removes by tag, by prefix, by both, or all. @returns how many. */
export async function purgeCache(namespace: string, purge: Purge): Promise<number> {
  const { removed } = await call(purgedSchema, `${PATH}/purge`, {
    method: "POST",
    body: purge,
    headers: inNamespace(namespace),
  });
  return removed;
}
