import type { CacheBatchResult, CacheSet } from "../contracts/cache.ts";
import type { Problem } from "../contracts/problem.ts";
import type { CachePut, CacheStore } from "../ports/cache-store.ts";
import { AppError, PROBLEMS } from "../shared/errors.ts";

export interface CacheBatch {
  namespace: string;
  requestId: string;
  /** Of all bodies that are sent back together, in base64. */
  mostAnswerBytes: number;
  get?: readonly string[] | undefined;
  delete?: readonly string[] | undefined;
  set?: readonly CacheSet[] | undefined;
}

/** Gets, then deletes, then sets, in order; an item that fails does not keep the rest from being done. */
export async function runCacheBatch(cache: CacheStore, batch: CacheBatch): Promise<CacheBatchResult[]> {
  const results: CacheBatchResult[] = [];
  let answerBytes = 0;
  for (const [index, key] of (batch.get ?? []).entries()) {
    const result = await getOne(cache, batch, key, batch.mostAnswerBytes - answerBytes);
    answerBytes += result.body?.length ?? 0;
    results.push({ op: "get", index, id: key, ...result });
  }
  for (const [index, key] of (batch.delete ?? []).entries()) {
    results.push({ op: "delete", index, id: key, ...(await deleteOne(cache, batch, key)) });
  }
  for (const [index, item] of (batch.set ?? []).entries()) {
    results.push({ op: "set", index, id: item.key, ...(await setOne(cache, batch, item)) });
  }
  return results;
}

type ItemResult = Omit<CacheBatchResult, "op" | "index" | "id">;

async function getOne(
  cache: CacheStore,
  { namespace, requestId }: CacheBatch,
  key: string,
  mostBytes: number,
): Promise<ItemResult> {
  const found = await cache.lookup({ namespace, key, accepts: [] });
  if (found.outcome !== "hit" || found.representation === null) return notFound(requestId);
  const { mediaType, etag, ageMs, isStale: stale, tags, meta, representation } = found;
  if (Math.ceil(representation.bytes.byteLength / 3) * 4 > mostBytes) {
    return failed(
      new AppError("body-too-large", "The response would exceed its size limit; get this key in a request of its own."),
      requestId,
    );
  }
  const { buffer, byteOffset, byteLength } = representation.bytes;
  const body = Buffer.from(buffer, byteOffset, byteLength).toString("base64");
  const times = { ageSeconds: Math.floor(ageMs / 1000), stale };
  return {
    status: 200,
    body,
    mediaType,
    etag,
    ...times,
    tags: tags === "" ? [] : tags.split(","),
    meta: meta === "" ? null : meta,
  };
}

async function deleteOne(cache: CacheStore, { namespace, requestId }: CacheBatch, key: string): Promise<ItemResult> {
  try {
    return (await cache.delete(namespace, key)) ? { status: 204 } : notFound(requestId);
  } catch (error) {
    return failedOne(error, requestId);
  }
}

async function setOne(cache: CacheStore, { namespace, requestId }: CacheBatch, item: CacheSet): Promise<ItemResult> {
  try {
    const outcome = await cache.put({ namespace, ...toPut(item, Buffer.from(item.body, "base64")) });
    return { status: outcome === "added" ? 201 : 204 };
  } catch (error) {
    return failedOne(error, requestId);
  }
}

/** @throws what is no refusal of this item. */
function failedOne(error: unknown, requestId: string): ItemResult {
  if (error instanceof AppError) return failed(error, requestId);
  throw error;
}

/** An item of a batch or of a stream as the store takes it. */
export function toPut(item: CacheSet, body: Uint8Array): Omit<CachePut, "namespace"> {
  const {
    key,
    mediaType = "application/octet-stream",
    maxAgeSeconds,
    staleWhileRevalidateSeconds,
    tags = [],
    meta,
  } = item;
  return {
    key,
    body,
    encoding: "identity",
    mediaType,
    tags,
    meta: meta ?? "",
    maxAgeMs: maxAgeSeconds === undefined ? undefined : maxAgeSeconds * 1000,
    staleMs: (staleWhileRevalidateSeconds ?? 0) * 1000,
  };
}

const notFound = (requestId: string): ItemResult =>
  failed(new AppError("not-found", "No response is cached under this key."), requestId);

function failed({ code, status, message, members }: AppError, requestId: string): ItemResult {
  const problem: Problem = {
    type: `urn:headroom:problem:${code}`,
    title: PROBLEMS[code][1],
    status,
    detail: message,
    code,
    requestId,
    ...members,
  };
  return { status, problem };
}
