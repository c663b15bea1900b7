import type { LeakSample } from "../../lib/memory/leaks/sample.ts";
import { seededRandom } from "../workloads/random.ts";

const MIB = 2 ** 20;
export const SAMPLES_A_DAY = 2_880;

/** A service whose memory follows the day, or the requests of the day, and is back at its level each night. */
export interface DayCourse {
  readonly shape: "cosine" | "office";
  /** Whether the samples tell the requests. */
  readonly told: boolean;
  readonly collectEverySamples: number;
  readonly amplitudeMb: number;
  readonly baseMb: number;
  /** Of the requests, sample by sample. */
  readonly noise: number;
  readonly seed: number;
  /** A leak on top, MB an hour. */
  readonly leakMbPerHour?: number;
}

/** How busy it is, 0 to 1, at an hour of the day. */
function busyAt(shape: DayCourse["shape"], hour: number): number {
  if (shape === "cosine") return 0.5 - 0.5 * Math.cos((hour / 24) * 2 * Math.PI);
  if (hour < 7 || hour >= 20) return 0;
  if (hour < 10) return (hour - 7) / 3;
  return hour < 17 ? 1 : 1 - (hour - 17) / 3;
}

export function* daysOf(course: DayCourse, days: number): Generator<LeakSample> {
  const { shape, told, collectEverySamples, amplitudeMb, baseMb, noise, seed, leakMbPerHour = 0 } = course;
  const random = seededRandom(seed);
  let garbage = 0;
  let committed = 0;
  for (let i = 0; i < days * SAMPLES_A_DAY; i++) {
    const busy = busyAt(shape, (i % SAMPLES_A_DAY) / 120);
    const leaked = (leakMbPerHour * i) / 120;
    const live = (baseMb + amplitudeMb * busy) * (1 + 0.004 * (random() - 0.5)) + leaked;
    const collected = i % collectEverySamples === collectEverySamples - 1;
    garbage = collected ? random() * 0.5 : garbage + (1.2 + random() * 0.8) * Math.min(1, 20 / collectEverySamples);
    const used = live + garbage;
    committed = Math.max(used + 8, committed * 0.995);
    const requests = told ? (1_000 + 8_000 * busy) * (1 + noise * (2 * random() - 1)) : 0;
    yield {
      sequence: i,
      sampledAt: new Date(Date.UTC(2026, 9, 1) + i * 30_000).toISOString(),
      process: {
        rssBytes: Math.round((committed + 64) * MIB),
        heapUsedBytes: Math.round(used * MIB),
        heapTotalBytes: Math.round(committed * MIB),
        externalBytes: 4 * MIB,
        arrayBuffersBytes: MIB,
      },
      gc: { heapUsedAfterMajorBytes: collected ? Math.round(live * MIB) : null },
      activity: { requests: Math.round(requests) },
    };
  }
}
