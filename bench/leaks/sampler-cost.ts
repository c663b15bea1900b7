/**
 * What the always-on allocation sampler costs a server that allocates a lot. One process serves short slices with it and without, in
 * turns, and each slice with it is compared with its two neighbours without: what the machine does for longer than a slice falls out.
 * The thread's own CPU time is read, in nanoseconds, and starting and stopping the sampler is outside the slices.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { ALWAYS_ON_BYTES, AllocationSampler } from "../../lib/memory/profiles/allocation-sampler.ts";

export interface SamplerCost {
  /** CPU of a slice with the sampler over the mean of its neighbours without, at the interval in use. */
  ratios: number[];
  /** The same at DENSER times the samples: far above the noise, so that the cost of one sample is known well. */
  denser: number[];
  /** The same for slices that had it off as well: what the machine's noise alone makes of it. */
  control: number[];
  allocatedPerRequestBytes: number;
}

/** How many times as many samples the dense slices take. */
export const DENSER = 32;
const REQUESTS = 60;
const UNMEASURED = 12;
const LIVE_ORDERS = 20_000;
/** What each other slice has; the slices between them have none. */
const TURNS = ["usual", "off", "usual", "dense", "usual"] as const;

/** The work of a small service: parse a body, make some hundred objects, keep an order in a bounded store, answer with JSON. */
function serve(): http.Server {
  const orders = new Map<number, unknown>();
  let n = 0;
  return http.createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const order = JSON.parse(body) as { items: { sku: string; amount: number }[] };
      const lines = order.items.flatMap((item) =>
        Array.from({ length: 12 }, (_, k) => ({ ...item, line: `${item.sku}/${k}`, price: item.amount * k })),
      );
      orders.set(n++, lines[0]);
      orders.delete(n - LIVE_ORDERS);
      response.setHeader("content-type", "application/json").end(JSON.stringify(lines));
    });
  });
}

export async function samplerCost(rounds: number): Promise<SamplerCost> {
  const server = serve().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = fork(path.join(import.meta.dirname, "load-client.mjs"), { execArgv: [] });
  const request = async (requests: number) => {
    client.send({ port, requests });
    await once(client, "message");
  };
  const slice = async (turn: (typeof TURNS)[number]) => {
    const sampler = turn === "off" ? null : new AllocationSampler(ALWAYS_ON_BYTES / (turn === "dense" ? DENSER : 1));
    await sampler?.start();
    await request(UNMEASURED);
    const before = threadCpuNs();
    await request(REQUESTS);
    const spent = threadCpuNs() - before;
    sampler?.stop();
    return spent;
  };
  try {
    await request(200 * REQUESTS);
    const allocatedPerRequestBytes = await allocated(() => request(REQUESTS));
    const seen = { usual: [] as number[], dense: [] as number[], off: [] as number[] };
    let before = await slice("off");
    for (let i = 0; i < rounds; i++) {
      for (const turn of TURNS) {
        const spent = await slice(turn);
        const after = await slice("off");
        seen[turn].push(spent / ((before + after) / 2));
        before = after;
      }
    }
    return { ratios: seen.usual, denser: seen.dense, control: seen.off, allocatedPerRequestBytes };
  } finally {
    client.kill();
    server.close();
  }
}

/** CPU time of this thread, which is the one that serves: collector and compiler threads would only add noise. */
function threadCpuNs(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[0]);
}

async function allocated(work: () => Promise<unknown>): Promise<number> {
  const { GCProfiler } = await import("node:v8");
  const profiler = new GCProfiler();
  const before = process.memoryUsage().heapUsed;
  profiler.start();
  await work();
  const freed = (profiler.stop()?.statistics ?? []).reduce(
    (sum, { beforeGC, afterGC }) => sum + beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
    0,
  );
  return (freed + process.memoryUsage().heapUsed - before) / REQUESTS;
}
