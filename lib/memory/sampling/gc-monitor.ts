import { constants, PerformanceObserver } from "node:perf_hooks";

export interface GcCounts {
  minorCount: number;
  majorCount: number;
  pauseMs: number;
  /** Heap in use seen right after the newest major collection since the last reading; null when there was none. */
  heapUsedAfterMajorBytes: number | null;
}

/** Counts collections between two readings. Holds four numbers. */
export class GcMonitor {
  readonly #observer: PerformanceObserver;
  #counts: GcCounts = zero();

  constructor(heapUsed: () => number = () => process.memoryUsage().heapUsed) {
    this.#observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const kind = (entry as { detail?: { kind?: number } }).detail?.kind;
        this.#counts.pauseMs += entry.duration;
        if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) {
          this.#counts.majorCount += 1;
          this.#counts.heapUsedAfterMajorBytes = heapUsed();
        } else if (kind === constants.NODE_PERFORMANCE_GC_MINOR) {
          this.#counts.minorCount += 1;
        }
      }
    });
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  /** What has happened since the last `take`, without forgetting it. */
  peek(): GcCounts {
    return { ...this.#counts };
  }

  take(): GcCounts {
    const counts = this.#counts;
    this.#counts = zero();
    return counts;
  }

  stop(): void {
    this.#observer.disconnect();
  }
}

function zero(): GcCounts {
  return { minorCount: 0, majorCount: 0, pauseMs: 0, heapUsedAfterMajorBytes: null };
}
