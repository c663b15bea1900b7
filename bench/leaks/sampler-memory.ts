/** What the always-on allocation sampler holds, after few and after many samples. */
import { AllocationSampler } from "../../lib/memory/profiles/allocation-sampler.ts";
import { MIB } from "../../lib/shared/bytes.ts";

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
