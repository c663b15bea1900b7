import { setTimeout as sleep } from "node:timers/promises";
import { BenchServer, type Variant } from "./bench-server.ts";
import { fill, type Load, read, remove } from "./loads.ts";

export interface Held {
  /** Heap, external and what the store keeps beside them, more than before it had these items. */
  heldBytes: number;
  rssBytes: number;
  processRssBytes: number;
}

/** What a server comes to hold for the load's items, all of them in memory. */
export async function heldFor(variant: Variant, load: Load): Promise<Held> {
  const server = await BenchServer.start(variant);
  const { client } = server;
  // The same work first and thrown away, so that code and heap have their size.
  await remove(client, await fill(client, load));
  await sleep(1_500);
  const before = { ...(await server.memory()), claimed: await server.claimedBytes(load.store) };
  const paths = await fill(client, load);
  await read(client, paths, 2_000);
  await server.settle(load.store);
  const after = { ...(await server.memory()), claimed: await server.claimedBytes(load.store) };
  await server.stop();
  // Our typed arrays are in `external` and in the claim: counted twice, to our loss.
  const heap = after.heapUsed + after.external - before.heapUsed - before.external;
  return {
    heldBytes: heap + after.claimed - before.claimed,
    rssBytes: after.rss - before.rss,
    processRssBytes: after.rss,
  };
}
