import { type EventLoopUtilization, type IntervalHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";

const RESOLUTION_MS = 10;

/** How late the event loop runs, and how busy it is, between two readings. */
export class EventLoopMonitor {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #since: EventLoopUtilization = performance.eventLoopUtilization();

  constructor() {
    this.#delay.enable();
  }

  peek(): { delayP99Ms: number; utilizationRatio: number } {
    // The histogram counts the interval itself; what is above it is the delay.
    const p99Ms = this.#delay.count === 0 ? 0 : this.#delay.percentile(99) / 1e6 - RESOLUTION_MS;
    const { utilization } = performance.eventLoopUtilization(this.#since);
    return { delayP99Ms: Math.max(0, p99Ms), utilizationRatio: Number.isFinite(utilization) ? utilization : 0 };
  }

  take(): { delayP99Ms: number; utilizationRatio: number } {
    const reading = this.peek();
    this.#delay.reset();
    this.#since = performance.eventLoopUtilization();
    return reading;
  }

  stop(): void {
    this.#delay.disable();
  }
}
