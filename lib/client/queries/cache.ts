import { infiniteQueryOptions } from "@tanstack/react-query";
import { cacheListSchema, type Purge, purgedSchema } from "../../contracts/cache.ts";
import { call, callForNothing, send } from "../http.ts";
import { readSome } from "../read-some.ts";

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

/** The beginning of a cached body as text; null for what is not text. It counts as a hit, and takes no fill lease. */
export async function previewBody(namespace: string, key: string): Promise<{ text: string; cut: boolean } | null> {
  const headers = { ...inNamespace(namespace), accept: "*/*" };
  const response = await send(one(key), { query: { lease: 0 }, headers });
  if (!/^text\/|json|xml|javascript/i.test(response.headers.get("content-type") ?? "")) {
    await response.body?.cancel();
    return null;
  }
  const { bytes, cut } = await readSome(response, PREVIEW_BYTES);
  return { text: new TextDecoder().decode(bytes), cut };
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
