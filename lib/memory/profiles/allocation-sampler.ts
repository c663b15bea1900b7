import { Session } from "node:inspector/promises";
import type { ProfileNode } from "../leaks/allocation-sites.ts";

/** Always on: one sample per 512 KB allocated. What it costs is measured by bench/leaks/cost.ts. */
export const ALWAYS_ON_BYTES = 512 * 1024;
/** While someone asked for a profile: finer, and with what was collected meanwhile. */
const PROFILE_BYTES = 32 * 1024;

export interface HeapProfile {
  readonly head: ProfileNode;
}

/** V8's sampling heap profiler, of which there is one per process: always on, and for some seconds finer on request. */
export class AllocationSampler {
  readonly #session = new Session();
  readonly #intervalBytes: number;
  #recording = false;

  /** @param intervalBytes allocated between two samples, on average. */
  constructor(intervalBytes = ALWAYS_ON_BYTES) {
    this.#intervalBytes = intervalBytes;
  }

  get recording(): boolean {
    return this.#recording;
  }

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post("HeapProfiler.enable");
    await this.#alwaysOn();
  }

  /**
   * What is live now, by where it was allocated; null while a profile is being recorded. V8 makes a full collection first (0.3 s for
   * 200 MB): call it as seldom as one may force a collection.
   */
  async read(): Promise<HeapProfile | null> {
    if (this.#recording) return null;
    const { profile } = await this.#session.post("HeapProfiler.getSamplingProfile");
    return profile;
  }

  /**
   * Records all allocations, the collected ones too, until `ended` resolves; then sampling goes on as before, though from nothing.
   * @throws {Error} when a recording is under way.
   */
  async record(ended: Promise<void>): Promise<HeapProfile> {
    if (this.#recording) throw new Error("an allocation profile is being recorded");
    this.#recording = true;
    try {
      await this.#session.post("HeapProfiler.stopSampling");
      const collected = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
      await this.#session.post("HeapProfiler.startSampling", { samplingInterval: PROFILE_BYTES, ...collected });
      await ended;
      const { profile } = await this.#session.post("HeapProfiler.stopSampling");
      return profile;
    } finally {
      await this.#alwaysOn();
      this.#recording = false;
    }
  }

  stop(): void {
    this.#session.disconnect();
  }

  async #alwaysOn(): Promise<void> {
    await this.#session.post("HeapProfiler.startSampling", { samplingInterval: this.#intervalBytes });
  }
}
