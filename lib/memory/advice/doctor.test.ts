import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MemorySample, StoreStats } from "../../contracts/memory.ts";
import { SETTINGS } from "../../contracts/settings.ts";
import { diagnose } from "./doctor.ts";
import type { Observation } from "./doctor-observation.ts";

const MIB = 2 ** 20;

function sampleAt(usedRatio: number, changes: Partial<MemorySample> = {}): MemorySample {
  const limitBytes = 1024 * MIB;
  return {
    sequence: 1,
    bootId: "boot",
    sampledAt: "2026-01-01T00:00:00.000Z",
    nodeId: "node",
    limitBytes,
    limitSource: "configured",
    usedBytes: usedRatio * limitBytes,
    usedRatio,
    level: "normal",
    process: {
      rssBytes: usedRatio * limitBytes,
      heapUsedBytes: 50 * MIB,
      heapTotalBytes: 80 * MIB,
      heapLimitBytes: 900 * MIB,
      externalBytes: 0,
      arrayBuffersBytes: 0,
    },
    container: { limitBytes: null, currentBytes: null, pressureSome10: null, pressureFull10: null },
    breakdown: [
      { component: "cache", bytes: 30 * MIB },
      { component: "unattributed", bytes: 20 * MIB },
    ],
    gc: { minorCount: 3, majorCount: 0, pauseMs: 10, heapUsedAfterMajorBytes: null },
    eventLoop: { delayP99Ms: 2, utilizationRatio: 0.1 },
    activity: { requests: 10 },
    ...changes,
  };
}

function storeOf(changes: Partial<StoreStats> = {}): StoreStats {
  return {
    store: "cache",
    items: 10,
    maxItems: 50,
    bytes: 10 * MIB,
    maxBytes: 32 * MIB,
    hits: 90,
    misses: 10,
    hitRatio: 0.9,
    evictions: 0,
    expirations: 0,
    rejections: 0,
    spilledItems: 0,
    ttlSeconds: 300,
    policy: "auto",
    removals: { evicted: 0, expired: 0, replaced: 0, deleted: 0, spilled: 0 },
    window: { hits: 90, misses: 10, hitRatio: 0.9 },
    ...changes,
  };
}

function observationOf(changes: Partial<Observation> = {}): Observation {
  return {
    sample: sampleAt(0.3),
    stores: [storeOf()],
    forecast: { secondsToLimit: null, low: null, high: null },
    leaks: null,
    lastRun: null,
    configuredLimitBytes: 1024 * MIB,
    atRatio: 0.85,
    refusedWrites: 0,
    sincePreviousMs: 30_000,
    ...changes,
  };
}

const rulesOf = (changes: Partial<Observation>) => diagnose(observationOf(changes)).map(({ rule }) => rule);

describe("diagnose", () => {
  it("says that all is well, with the figure, when no rule finds anything", () => {
    expect(diagnose(observationOf())).toMatchObject([
      { rule: "all-is-well", severity: "info", value: 0.3, threshold: 0.85 },
    ]);
  });

  const sick: [string, Partial<Observation>][] = [
    ["usage-high", { sample: sampleAt(0.7) }],
    ["limit-ahead", { forecast: { secondsToLimit: 3000, low: 2000, high: 4000 } }],
    ["heap-near-cap", { sample: withProcess({ heapUsedBytes: 800 * MIB }) }],
    [
      "collections-costly",
      { sample: sampleAt(0.3, { gc: { minorCount: 900, majorCount: 1, pauseMs: 1500, heapUsedAfterMajorBytes: 0 } }) },
    ],
    ["event-loop-late", { sample: sampleAt(0.3, { eventLoop: { delayP99Ms: 200, utilizationRatio: 1 } }) }],
    ["unattributed", { sample: sampleAt(0.6, { breakdown: [{ component: "unattributed", bytes: 400 * MIB }] }) }],
    ["container-lower", { sample: sampleAt(0.3, { limitSource: "container", limitBytes: 512 * MIB }) }],
    ["writes-refused", { refusedWrites: 1 }],
    [
      "hit-ratio-low:cache",
      { stores: [storeOf({ items: 50, evictions: 9, window: { hits: 40, misses: 60, hitRatio: 0.4 } })] },
    ],
    ["store-full:cache", { stores: [storeOf({ items: 50, rejections: 4 })] }],
    ["never-hit:cache", { stores: [storeOf({ bytes: 60 * MIB, hits: 0, misses: 200 })] }],
  ];

  it.each(sick)("finds %s, and nothing else, where only that is wrong", (rule, changes) => {
    const findings = diagnose(observationOf(changes));
    expect(findings.map((finding) => finding.rule)).toEqual([rule]);
    for (const text of [findings[0]?.cause, findings[0]?.action, findings[0]?.expected, findings[0]?.panel])
      expect(text).toBeTruthy();
  });

  it("puts the worst first", () => {
    const found = diagnose(
      observationOf({
        refusedWrites: 2,
        sample: sampleAt(0.75, { limitSource: "container" }),
        stores: [storeOf({ items: 50, rejections: 4 })],
      }),
    );
    expect(found.map(({ severity }) => severity)).toEqual(["critical", "warning", "warning", "info"]);
  });

  it("advises only settings that exist, with values that they take", () => {
    const findings = diagnose(
      observationOf({
        sample: sampleAt(0.3, { limitSource: "container", limitBytes: 512 * MIB }),
        stores: ["cache", "sessions", "query-cache"].map((store) => storeOf({ store, items: 50, rejections: 4 })),
      }),
    );
    const advised = findings.flatMap(({ setting }) => setting ?? []);
    expect(advised).toHaveLength(4);
    for (const { key, value } of advised) {
      expect(SETTINGS[key as keyof typeof SETTINGS].schema.safeParse(value).success).toBe(true);
    }
  });

  it("never finds a cache's hit ratio low on fewer than 100 look-ups", () => {
    expect(
      rulesOf({ stores: [storeOf({ items: 50, evictions: 9, window: { hits: 4, misses: 60, hitRatio: 0.06 } })] }),
    ).toEqual(["all-is-well"]);
  });

  it("gives finite figures for whatever it is shown", () => {
    fc.assert(
      fc.property(
        fc.record({
          used: fc.double({ min: 0, max: 3, noNaN: true }),
          items: fc.nat(),
          max: fc.nat(),
          bytes: fc.nat(),
          elapsed: fc.nat(),
        }),
        ({ used, items, max, bytes, elapsed }) => {
          const stores = [
            storeOf({ items, maxItems: max, maxBytes: max, bytes, rejections: 1, evictions: 1, hits: 0 }),
          ];
          for (const { value, threshold } of diagnose(
            observationOf({ sample: sampleAt(used), stores, sincePreviousMs: elapsed }),
          )) {
            expect(Number.isFinite(value) && Number.isFinite(threshold)).toBe(true);
          }
        },
      ),
    );
  });
});

function withProcess(figures: Partial<MemorySample["process"]>): MemorySample {
  const sample = sampleAt(0.3);
  return { ...sample, process: { ...sample.process, ...figures } };
}
