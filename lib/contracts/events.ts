import type { LeakReport, MemorySample, OptimizationRun, StoreStats } from "./memory.ts";
import type { StreamJobView } from "./streams.ts";

export interface SamplePush {
  sample: MemorySample;
  stores: StoreStats[];
}

export interface MemoryAlert {
  level: MemorySample["level"];
  usedRatio: number;
  message: string;
  at: string;
}

/** Events that the server sends on the `/monitoring` namespace; it takes none. */
export interface ServerEvents {
  "memory:sample": (push: SamplePush) => void;
  "memory:optimize-progress": (run: OptimizationRun) => void;
  "memory:optimized": (run: OptimizationRun) => void;
  "memory:leak": (report: LeakReport) => void;
  "memory:alert": (alert: MemoryAlert) => void;
  "stream:progress": (job: StreamJobView) => void;
}
