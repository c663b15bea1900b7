import type { Core } from "../../../lib/server/compose/core.ts";
import { LiveStore } from "./live-store.ts";

export interface LiveResponse {
  mediaType: string;
  storedAtMs: number;
  /** JSON as the object that it is, as the report's system kept it; anything else as its bytes. */
  value: unknown;
}

/** In the place of lib/server/compose/compose-cache.ts. */
export function composeCache({ settings, stores }: Core): LiveStore<LiveResponse> {
  const { cacheMaxEntries, cacheTtlSeconds } = settings.values;
  const cache = new LiveStore<LiveResponse>("cache", {
    max: cacheMaxEntries,
    ttl: cacheTtlSeconds * 1000,
    updateAgeOnGet: false,
  });
  stores.push(cache);
  return cache;
}
