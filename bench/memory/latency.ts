import { setTimeout as sleep } from "node:timers/promises";
import { median } from "../../lib/shared/median.ts";
import { BenchServer, type Variant } from "./bench-server.ts";
import { fill, type Load, read } from "./loads.ts";

const BLOCKS = 24;
const READS = 400;

export interface Latency {
  p50Ms: number;
  /** The third lowest and third highest block. */
  lowMs: number;
  highMs: number;
}

/** p50 of reads with all servers up, in alternating blocks; one after another, as one client sends them. */
export async function latencies(variants: readonly Variant[], load: Load): Promise<Map<string, Latency>> {
  const servers: { name: string; server: BenchServer; paths: string[]; p50s: number[] }[] = [];
  for (const variant of variants) {
    const server = await BenchServer.start(variant);
    servers.push({ name: variant.name, server, paths: await fill(server.client, load), p50s: [] });
  }
  for (const { server } of servers) await server.settle(load.store);
  for (const { server, paths } of servers) await read(server.client, paths, 4_000);
  for (let block = 0; block < BLOCKS; block++) {
    // Who is first in a block changes, so that what follows a pause is nobody's alone.
    const order = block % 2 === 0 ? servers : servers.toReversed();
    for (const { server, paths, p50s } of order) p50s.push(median(await read(server.client, paths, READS)));
    await sleep(20);
  }
  for (const { server } of servers) await server.stop();
  return new Map(
    servers.map(({ name, p50s }) => {
      const sorted = p50s.toSorted((a, b) => a - b);
      return [name, { p50Ms: median(sorted), lowMs: sorted.at(2) ?? 0, highMs: sorted.at(-3) ?? 0 }];
    }),
  );
}
