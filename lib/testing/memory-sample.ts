import { COMPONENTS, type MemorySample } from "../contracts/memory.ts";

/** A sample like any other, but for what is given. */
export function memorySample(sequence: number, atMs: number, usedBytes = sequence, bootId = "boot"): MemorySample {
  return {
    sequence,
    bootId,
    sampledAt: new Date(atMs).toISOString(),
    nodeId: "node",
    limitBytes: 1000,
    limitSource: "configured",
    usedBytes,
    usedRatio: usedBytes / 1000,
    level: "normal",
    process: {
      rssBytes: usedBytes,
      heapUsedBytes: 1,
      heapTotalBytes: 2,
      heapLimitBytes: 3,
      externalBytes: 4,
      arrayBuffersBytes: 5,
    },
    container: { limitBytes: null, currentBytes: null, pressureSome10: null, pressureFull10: null },
    breakdown: COMPONENTS.map((component) => ({ component, bytes: component === "runtime" ? usedBytes : 0 })),
    gc: { minorCount: 2, majorCount: 1, pauseMs: 1.5, heapUsedAfterMajorBytes: null },
    eventLoop: { delayP99Ms: 2, utilizationRatio: 0 },
    activity: { requests: 7 },
  };
}
