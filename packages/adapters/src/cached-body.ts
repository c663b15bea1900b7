import type { Headroom } from "@headroom/client";

export interface CachedBody {
  body: Uint8Array;
  mediaType: string;
}

/**
 * A body of the response cache in one round trip; null on a miss. It takes no notice of the fill lease that a miss grants: the
 * projects behind these adapters have their own ways to compute a value once.
 */
export function readBody(client: Headroom, key: string): Promise<CachedBody | null> {
  const path = `/api/v1/cache/${encodeURIComponent(key)}`;
  return client.transport.request("GET", path, { accepts: [404] }, {}, async (response) => {
    const body = new Uint8Array(await response.arrayBuffer());
    if (response.status === 404) return null;
    return { body, mediaType: response.headers.get("content-type") ?? "application/octet-stream" };
  });
}
