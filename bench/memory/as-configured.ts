import { seededRandom, zipfSampler } from "../workloads/random.ts";
import { BenchServer, type Variant } from "./bench-server.ts";
import { inParallel } from "./http-client.ts";
import { fill, type Load, read } from "./loads.ts";

const ASKS = 6_000;

export interface Configured {
  /** The whole process, after a full collection. */
  rssBytes: number;
  /** What it grew by since it was ready. */
  grownBytes: number;
  hitRatio: number;
}

/** The same requests on whatever bounds the server has: many sessions, and responses by Zipf(1.5), put when they are missed. */
export async function asConfigured(variant: Variant, sessions: Load, responses: Load): Promise<Configured> {
  const server = await BenchServer.start(variant);
  const { client } = server;
  const before = await server.memory();
  const paths = await fill(client, sessions);
  await read(client, paths.slice(-500), 2_000);
  const sample = zipfSampler(responses.bodies.length, 1.5, seededRandom(3));
  let hits = 0;
  await inParallel(ASKS, 8, async () => {
    const index = sample();
    const { status } = await client.send("GET", `/api/v1/cache/answer-${index}`);
    if (status === 200) hits++;
    else await responses.put(client, responses.bodies[index] ?? "", index);
  });
  await server.settle("sessions");
  await server.settle("cache");
  const after = await server.memory();
  await server.stop();
  return { rssBytes: after.rss, grownBytes: after.rss - before.rss, hitRatio: hits / ASKS };
}
