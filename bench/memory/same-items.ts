import { setTimeout as sleep } from "node:timers/promises";
import { BenchServer, type Variant } from "./bench-server.ts";
import { fill, type Load, read, remove } from "./loads.ts";

export interface Held {
  /** Heap, external and what the store keeps beside them, more than without these items. */
  heldBytes: number;
  /** The part of it that our own statistics name. */
  claimedBytes: number;
}

/**
 * What a server holds for the load's items, all of them in memory: with them less the mean of before and after, since a heap
 * of 80 MB drifts by more than the items of one variant take. RSS per item wants fresh processes: see bench/values.
 */
export async function heldFor(variant: Variant, load: Load): Promise<Held> {
  const server = await BenchServer.start(variant);
  const { client } = server;
  const emptyClaim = await server.claimedBytes(load.store);
  // The same work first and thrown away, so that code and heap have their size.
  for (let round = 0; round < 2; round++) {
    const paths = await fill(client, load);
    await read(client, paths, 1_000);
    await remove(client, paths);
  }
  const before = await heapBytes(server);
  const paths = await fill(client, load);
  await read(client, paths, 2_000);
  await server.settle(load.store);
  const full = await heapBytes(server);
  // An index that stays after its items is claimed all the same: against the store as it was at the start.
  const claimedBytes = (await server.claimedBytes(load.store)) - emptyClaim;
  await remove(client, paths);
  const after = await heapBytes(server);
  await server.stop();
  return { heldBytes: full - (before + after) / 2 + claimedBytes, claimedBytes };
}

/** Our typed arrays are in `external` and, as far as they are items', in the claim: counted twice, to our loss. */
async function heapBytes(server: BenchServer): Promise<number> {
  // What was under way when the last answer came has ended: commits, packing, sockets.
  await sleep(2_000);
  const { heapUsed, external } = await server.memory();
  return heapUsed + external;
}
