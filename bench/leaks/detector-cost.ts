/** What the detector costs by itself: CPU a sample, and heap held when its windows are full and after all samples. */
import { LeakDetector } from "../../lib/memory/leaks/leak-detector.ts";
import type { LeakSample } from "../../lib/memory/leaks/sample.ts";
import { MIB } from "../../lib/shared/bytes.ts";

/** By this sample both windows are full: 256 samples, and 256 blocks of eight. */
export const WINDOWS_FULL = 4_000;

export interface DetectorCost {
  cpuUs: number;
  heldEarlyBytes: number;
  heldLateBytes: number;
}

export function detectorCost(total: number, collect: () => void): DetectorCost {
  const held = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = held();
  const detector = new LeakDetector();
  let heldEarlyBytes = 0;
  const cpu = process.cpuUsage();
  for (let i = 0; i < total; i++) {
    detector.push(sampleOf(i));
    detector.wantsCollection();
    if (i === WINDOWS_FULL) heldEarlyBytes = held() - before;
  }
  const { user, system } = process.cpuUsage(cpu);
  const heldLateBytes = held() - before;
  // The detector is read after the measurement, so that it cannot be collected before it.
  if (detector.samples !== total) throw new Error("samples were lost");
  return { cpuUs: (user + system) / total, heldEarlyBytes, heldLateBytes };
}

/** A service with a sawtooth, noise and a collection every 40 samples: every lane has work to do. */
function sampleOf(i: number): LeakSample {
  const noise = ((i * 7_919) % 997) / 997;
  return {
    sequence: i,
    sampledAt: new Date(i * 30_000).toISOString(),
    process: {
      rssBytes: (150 + noise) * MIB,
      heapUsedBytes: (60 + (i % 40) * 0.4 + 4 * noise) * MIB,
      heapTotalBytes: 90 * MIB,
      externalBytes: (8 + noise) * MIB,
      arrayBuffersBytes: (6 + noise) * MIB,
    },
    gc: { heapUsedAfterMajorBytes: i % 40 === 0 ? (58 + 2 * noise) * MIB : null },
    activity: { requests: Math.round(100 + 80 * noise) },
  };
}
