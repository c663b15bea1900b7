import type { CacheBatchResult } from "../contracts/cache.ts";
import type { Problem } from "../contracts/problem.ts";
import type { CacheStore } from "../ports/cache-store.ts";
import { AppError, PROBLEMS } from "../shared/errors.ts";

export interface CacheBatch {
  namespace: string;
  requestId: string;
  /** Of all bodies that are sent back together, in base64. */
  mostAnswerBytes: number;
  get?: readonly string[] | undefined;
  set?:
    | readonly {
        key: string;
        body: string;
        mediaType?: string | undefined;
        maxAgeSeconds?: number | undefined;
        tags?: readonly string[] | undefined;
      }[]
    | undefined;
}

/** Gets, then sets, in order; an item that fails does not keep the rest from being done. */
export async function runCacheBatch(cache: CacheStore, batch: CacheBatch): Promise<CacheBatchResult[]> {
  const results: CacheBatchResult[] = [];
  let answerBytes = 0;
  for (const [index, key] of (batch.get ?? []).entries()) {
    const result = await getOne(cache, batch, key, batch.mostAnswerBytes - answerBytes);
    answerBytes += result.body?.length ?? 0;
    results.push({ op: "get", index, id: key, ...result });
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
  if (found.outcome !== "hit" || found.representation === null) {
    return failed(new AppError("not-found", "No response is cached under this key."), requestId);
  }
  const { mediaType, etag, ageMs, representation } = found;
  if (Math.ceil(representation.bytes.byteLength / 3) * 4 > mostBytes) {
    return failed(
      new AppError("body-too-large", "The response would exceed its size limit; get this key in a request of its own."),
      requestId,
    );
  }
  const { buffer, byteOffset, byteLength } = representation.bytes;
  const body = Buffer.from(buffer, byteOffset, byteLength).toString("base64");
  return { status: 200, body, mediaType, etag, ageSeconds: Math.floor(ageMs / 1000) };
}

async function setOne(
  cache: CacheStore,
  { namespace, requestId }: CacheBatch,
  {
    key,
    body,
    mediaType = "application/octet-stream",
    maxAgeSeconds,
    tags = [],
  }: NonNullable<CacheBatch["set"]>[number],
): Promise<ItemResult> {
  try {
    const outcome = await cache.put({
      namespace,
      key,
      body: Buffer.from(body, "base64"),
      encoding: "identity",
      mediaType,
      tags,
      ...(maxAgeSeconds === undefined ? {} : { maxAgeMs: maxAgeSeconds * 1000 }),
    });
    return { status: outcome === "added" && maxAgeSeconds !== 0 ? 201 : 204 };
  } catch (error) {
    if (error instanceof AppError) return failed(error, requestId);
    throw error;
  }
}

function failed({ code, status, message }: AppError, requestId: string): ItemResult {
  const problem: Problem = {
    type: `urn:headroom:problem:${code}`,
    title: PROBLEMS[code][1],
    status,
    detail: message,
    code,
    requestId,
  };
  return { status, problem };
}
