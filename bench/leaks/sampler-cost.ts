/** What the always-on allocation sampler costs a server that allocates a lot: the same process serves with it and without, in turns. */
import { fork } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { AllocationSampler } from "../../lib/memory/profiles/allocation-sampler.ts";
import { MIB } from "../../lib/shared/bytes.ts";

export interface SamplerCost {
  /** CPU with the sampler over CPU without, a pair of rounds each. */
  ratios: number[];
  /** The same for pairs that had it on in neither round: what the machine's noise alone makes of it. */
  control: number[];
  allocatedPerRequestBytes: number;
}

const REQUESTS = 600;
const LIVE_ORDERS = 20_000;

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

export async function samplerCost(pairs: number): Promise<SamplerCost> {
  const server = serve().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = fork(path.join(import.meta.dirname, "load-client.mjs"), { execArgv: [] });
  const round = async (requests = REQUESTS) => {
    const cpu = process.cpuUsage();
    client.send({ port, requests });
    await once(client, "message");
    const { user, system } = process.cpuUsage(cpu);
    return user + system;
  };
  const sampled = async () => {
    const sampler = new AllocationSampler();
    await sampler.start();
    const cpu = await round();
    sampler.stop();
    return cpu;
  };
  const plain = () => round();
  try {
    await round(20 * REQUESTS);
    const allocatedPerRequestBytes = await allocated(() => round());
    const ratios: number[] = [];
    const control: number[] = [];
    // Which goes first changes from pair to pair, so that a drift of the machine's speed favours neither.
    for (let i = 0; i < pairs; i++) {
      ratios.push(i % 2 === 0 ? ratio(await sampled(), await plain()) : 1 / ratio(await plain(), await sampled()));
      control.push(i % 2 === 0 ? ratio(await plain(), await plain()) : 1 / ratio(await plain(), await plain()));
    }
    return { ratios, control, allocatedPerRequestBytes };
  } finally {
    client.kill();
    server.close();
  }
}

const ratio = (one: number, other: number) => one / other;

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

export interface SamplerMemory {
  early: Held;
  late: Held;
}

export interface Held {
  /** RSS less committed heap and buffers: where V8 keeps its samples. */
  nativeBytes: number;
  heapUsedBytes: number;
}

/**
 * Memory after 1,000 and after `samples` sampled allocations (one per 512 KB), of which a steady 32 MB stay alive. Returned is what is
 * held beyond the same work without the sampler.
 */
export async function samplerMemory(samples: number, collect: () => void): Promise<SamplerMemory> {
  const live: string[] = [];
  const pool = Buffer.alloc(4 * MIB, "x");
  let n = 0;
  const work = (megabytes: number) => {
    for (let i = 0; i < megabytes * 8; i++) {
      const at = n++ % 4096;
      live[n % 256] = pool.toString("latin1", at, at + 128 * 1024);
    }
  };
  const held = (): Held => {
    for (let i = 0; i < 3; i++) collect();
    const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
    return { nativeBytes: rss - heapTotal - external, heapUsedBytes: heapUsed };
  };
  work(4_000);
  const before = held();
  const sampler = new AllocationSampler();
  await sampler.start();
  work(500);
  const early = held();
  work(samples / 2 - 500);
  const late = held();
  sampler.stop();
  const beyond = (after: Held): Held => ({
    nativeBytes: after.nativeBytes - before.nativeBytes,
    heapUsedBytes: after.heapUsedBytes - before.heapUsedBytes,
  });
  return { early: beyond(early), late: beyond(late) };
}
