import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LeakDetector } from "./leak-detector.ts";
import type { LeakSample } from "./sample.ts";

const MIB = 2 ** 20;

interface Course {
  /** Live heap, MiB, at a sample. */
  live: (i: number) => number;
  external?: (i: number) => number;
  native?: (i: number) => number;
  requests?: (i: number) => number;
  own?: (i: number) => number;
  samples?: number;
  /** Garbage that V8 lets lie, MiB a sample, until a major collection. */
  garbage?: number;
  collectEvery?: number;
}

/** What an observer would sample of a program whose live memory runs as told: garbage piles up between major collections. */
function* record(course: Course): Generator<LeakSample> {
  const {
    live,
    external = () => 4,
    native = () => 40,
    requests = () => 100,
    own,
    samples = 240,
    garbage = 0.02,
    collectEvery = 25,
  } = course;
  let lying = 0;
  for (let i = 0; i < samples; i++) {
    const collected = i % collectEvery === 9;
    lying = collected ? 0 : lying + garbage;
    const heap = 8 + live(i) + lying;
    const used = heap + ((i * 7) % 13) * 0.1;
    const heapTotal = 96;
    yield {
      sequence: i,
      sampledAt: new Date(Date.UTC(2026, 0, 1) + i * 30_000).toISOString(),
      process: {
        rssBytes: (heapTotal + external(i) + native(i)) * MIB,
        heapUsedBytes: used * MIB,
        heapTotalBytes: heapTotal * MIB,
        externalBytes: external(i) * MIB,
        arrayBuffersBytes: (external(i) - 2) * MIB,
      },
      gc: { heapUsedAfterMajorBytes: collected ? (8 + live(i)) * MIB : null },
      activity: { requests: Math.round(requests(i)) },
      ...(own
        ? {
            breakdown: [
              { component: "sessions", bytes: own(i) * MIB },
              { component: "unattributed", bytes: 0 },
            ],
          }
        : {}),
    };
  }
}

function run(course: Course) {
  const detector = new LeakDetector();
  let confirmedAt: number | null = null;
  let i = 0;
  for (const sample of record(course)) {
    detector.push(sample);
    if (detector.state === "confirmed") confirmedAt ??= i;
    i += 1;
  }
  return { detector, confirmedAt };
}

const seed = fc.integer({ min: 1, max: 1_000 });
const randomOf = (s: number) => {
  let state = s * 2_654_435_761;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0;
    return state / 2 ** 32;
  };
};

describe("LeakDetector finds", () => {
  it("a steady heap leak within an hour and a quarter, whatever its rate", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 0.5, noNaN: true }), (rate) => {
        const { confirmedAt, detector } = run({ live: (i) => rate * i });
        expect(confirmedAt).not.toBeNull();
        expect(confirmedAt).toBeLessThanOrEqual(150);
        expect(detector.suspects()[0]?.series).toBe("heap");
        const perHour = rate * 120 * MIB;
        expect(detector.suspects()[0]?.slopeBytesPerHour).toBeGreaterThan(0.8 * perHour);
        expect(detector.suspects()[0]?.slopeBytesPerHour).toBeLessThan(1.2 * perHour);
      }),
      { numRuns: 6 },
    );
  });

  it("a leak of buffers by its external series, and one of native memory by the native one", () => {
    const buffers = run({ live: () => 0, external: (i) => 4 + 0.3 * i });
    expect(buffers.confirmedAt).toBeLessThanOrEqual(120);
    expect(buffers.detector.suspects().map((s) => s.series)).toContain("external");
    const native = run({ live: () => 0, native: (i) => 40 + 0.3 * i });
    expect(native.confirmedAt).not.toBeNull();
    expect(native.detector.suspects().map((s) => s.series)).toEqual(["native"]);
  });

  it("a slow leak by raw heap alone within an hour and a quarter, where V8 collects once in the first minutes", () => {
    const { confirmedAt } = run({ live: (i) => 0.1 * i, collectEvery: 1_000, garbage: 0 });
    expect(confirmedAt).not.toBeNull();
    expect(confirmedAt).toBeLessThanOrEqual(150);
  });

  it("a leak that begins long after the start, within an hour of its beginning", () => {
    const { confirmedAt } = run({ live: (i) => Math.max(0, i - 90) * 0.2, samples: 300 });
    expect(confirmedAt).toBeGreaterThan(90);
    expect(confirmedAt).toBeLessThanOrEqual(90 + 120);
  });

  it("a leak that only grows under load, though load comes and goes", () => {
    const load = (i: number) => 100 * (1 + Math.sin(i / 12));
    let kept = 0;
    const { confirmedAt } = run({
      live: (i) => {
        kept += i === 0 ? 0 : load(i) * 0.0008;
        return kept;
      },
      requests: load,
      samples: 400,
    });
    expect(confirmedAt).not.toBeNull();
  });

  it("a leak beside a store that fills, flushes and fills again, and does not blame the store", () => {
    const store = (i: number) => 40 * Math.min(1, (i % 70) / 50);
    const withLeak = run({ live: (i) => store(i) + 0.15 * i, own: store, samples: 300 });
    expect(withLeak.confirmedAt).not.toBeNull();
    const without = run({ live: store, own: store, samples: 300 });
    expect(without.confirmedAt).toBeNull();
  });

  it("a leak too slow for one window, at the coarse scale", () => {
    const { confirmedAt } = run({ live: (i) => 0.004 * i, samples: 2_000 });
    expect(confirmedAt).toBeGreaterThan(256);
  });
});

describe("LeakDetector stays silent", () => {
  const silent: Record<string, (random: () => number) => Course> = {
    "while a cache fills for up to 40 % of an hour's double, then is full": (random) => {
      const full = 40 + 50 * random();
      return { live: (i) => 0.3 * Math.min(i, full) };
    },
    "while warm-up slows down exponentially": (random) => {
      const tau = 10 + 15 * random();
      return { live: (i) => 30 * (1 - Math.exp(-i / tau)) };
    },
    "while a cache with a long tail of keys fills ever slower, seldom collected": (random) => {
      const power = 0.5 + 0.15 * random();
      const collectEvery = 105 + Math.floor(40 * random());
      return { live: (i) => 20 * (i / 120) ** power, collectEvery };
    },
    "when a data set is loaded once": (random) => {
      const at = Math.floor(20 + 180 * random());
      return { live: (i) => (i >= at ? 40 : 0) };
    },
    "when memory follows the load up a ramp": (random) => {
      const from = 20 + 60 * random();
      const ramp = (i: number) => Math.min(1, Math.max(0, (i - from) / 110));
      return { live: (i) => 5 + 30 * ramp(i), requests: (i) => 50 + 300 * ramp(i) };
    },
    "when memory follows the day": (random) => {
      const phase = 6 * random();
      const day = (i: number) => 1 + Math.sin(i / 30 + phase);
      return { live: (i) => 20 * day(i), requests: (i) => 20 + 100 * day(i) };
    },
    "when a cache is flushed and fills again": (random) => {
      const period = 50 + Math.floor(30 * random());
      return { live: (i) => 30 * Math.min(1, (i % period) / (0.8 * period)) };
    },
    "when a queue grows for half an hour and drains": (random) => {
      const from = 20 + 100 * random();
      return { live: (i) => (i > from && i < from + 60 ? 0.3 * (i - from) : 0) };
    },
    "when nothing but garbage grows": (random) => ({ live: () => 1, garbage: 0.3 * random(), collectEvery: 60 }),
  };
  for (const [name, course] of Object.entries(silent)) {
    it(name, () => {
      fc.assert(
        fc.property(seed, (s) => {
          expect(run(course(randomOf(s))).confirmedAt).toBeNull();
        }),
        { numRuns: 6 },
      );
    });
  }

  it("on batches that collections happen to catch ever fuller, while most of what they hold is dropped", () => {
    const caught = [17, 18, 35, 41, 47, 56];
    const { confirmedAt } = run({
      live: (i) => caught[Math.floor(i / 25)] ?? 17,
      garbage: 3,
      collectEvery: 25,
      samples: 155,
    });
    expect(confirmedAt).toBeNull();
  });

  it("on buffers that fill again to where they stood before they were dropped", () => {
    const { confirmedAt } = run({ live: () => 0, external: (i) => 20 + 0.6 * (i % 100), samples: 400 });
    expect(confirmedAt).toBeNull();
  });

  it("on samples that cannot be true, which it leaves out", () => {
    const detector = new LeakDetector();
    const [good] = [...record({ live: () => 0, samples: 1 })];
    if (!good) throw new Error("no sample");
    const broken = (change: Partial<LeakSample["process"]>) => ({ ...good, process: { ...good.process, ...change } });
    for (const sample of [
      broken({ rssBytes: -1 }),
      broken({ heapUsedBytes: Number.NaN }),
      broken({ externalBytes: Number.POSITIVE_INFINITY }),
      { ...good, sampledAt: "yesterday" },
      { ...good, gc: { heapUsedAfterMajorBytes: -5 } },
    ])
      expect(detector.push(sample)).toBe(false);
    expect(detector.samples).toBe(0);
  });
});

describe("LeakDetector as an instrument", () => {
  it("confirms an episode once, and is clear again an hour after the leak was mended", () => {
    const detector = new LeakDetector();
    const states: string[] = [];
    for (const sample of record({ live: (i) => 0.3 * Math.min(i, 200), samples: 600 })) {
      if (detector.push(sample)) states.push(detector.state);
    }
    expect(states.filter((s) => s === "confirmed")).toHaveLength(1);
    expect(states.at(-1)).toBe("clear");
  });

  it("needs half an hour by the samples' own time: 400 samples of a fast leak in 13 minutes are no verdict", () => {
    const detector = new LeakDetector();
    for (const sample of record({ live: (i) => 2 * i, external: (i) => 4 + i, samples: 400 })) {
      detector.push({ ...sample, sampledAt: new Date(sample.sequence * 2_000).toISOString() });
      expect(detector.state).toBe("warming-up");
    }
    expect(detector.suspects()).toEqual([]);
  });

  it("reaches the same verdict at 1, 2 and 10 s as at 30 s, at the same time within five minutes", () => {
    const confirmedAt = (periodMs: number) => {
      const detector = new LeakDetector();
      const perSample = periodMs / 30_000;
      const course = { live: (i: number) => 0.2 * i * perSample, samples: 240 / perSample, garbage: 0.02 * perSample };
      for (const sample of record({ ...course, collectEvery: 25 / perSample })) {
        detector.push({ ...sample, sampledAt: new Date(sample.sequence * periodMs).toISOString() });
        if (detector.state === "confirmed") return sample.sequence * periodMs;
      }
      return Number.NaN;
    };
    const atThirty = confirmedAt(30_000);
    for (const periodMs of [1_000, 2_000, 10_000]) {
      expect(Math.abs(confirmedAt(periodMs) - atThirty)).toBeLessThanOrEqual(300_000);
    }
  });

  it("makes nothing of samples whose clock stands still or runs backwards", () => {
    const detector = new LeakDetector();
    for (const sample of record({ live: (i) => i, samples: 400 })) {
      detector.push({ ...sample, sampledAt: new Date(1e12 - (sample.sequence % 7) * 1_000).toISOString() });
    }
    expect(detector.state).toBe("warming-up");
    expect(detector.marks).toBeLessThanOrEqual(2);
  });

  it("does not take for growth what a store gave up before a collection freed it", () => {
    // 70 MiB of buffers leave the store evenly in an hour and a quarter; V8 frees them with the next collection.
    const claims = (i: number) => (i < 60 ? 20 + i : Math.max(10, 80 - (i - 60) / 2));
    const { confirmedAt, detector } = run({
      live: () => 0,
      external: (i) => 10 + (i >= 60 && i < 209 ? 80 : claims(i)),
      own: claims,
      samples: 208,
      collectEvery: 200,
      garbage: 0,
    });
    expect(confirmedAt).toBeNull();
    expect(detector.suspects()).toEqual([]);
  });

  it("does not judge a channel while stores claim more than the memory that is there", () => {
    const course = {
      live: () => 0,
      external: (i: number) => 4 + 0.4 * Math.min(i, 100),
      own: (i: number) => 0.7 * Math.min(i, 100) - 0.4 * Math.max(0, i - 100),
    };
    const { detector } = run({ ...course, samples: 160 });
    expect(detector.verdicts().find((v) => v.series === "external")?.ruledOut).toBe("overclaimed");
    expect(run({ ...course, samples: 240 }).confirmedAt).toBeNull();
  });

  it("asks for a collection only ten samples after the last, and not while all is calm", () => {
    const calm = new LeakDetector();
    for (const sample of record({ live: () => 0 })) {
      calm.push(sample);
      expect(calm.wantsCollection()).toBe(false);
    }
    const growing = new LeakDetector();
    let since = 0;
    let asked = 0;
    for (const sample of record({ live: (i) => 0.3 * i })) {
      growing.push(sample);
      since = sample.gc.heapUsedAfterMajorBytes === null ? since + 1 : 0;
      if (growing.wantsCollection()) {
        asked += 1;
        expect(since).toBeGreaterThanOrEqual(10);
      }
    }
    expect(asked).toBeGreaterThan(0);
  });

  it("holds no more than its two windows per series after 1,200 samples", () => {
    const detector = new LeakDetector();
    for (const sample of record({ live: (i) => 5 + (i % 11) * 0.1, samples: 1_200, collectEvery: 12 }))
      detector.push(sample);
    for (const series of ["heap", "external", "arrayBuffers", "native"] as const) {
      expect(detector.trace(series).marks.length).toBe(256);
    }
    expect(detector.state).toBe("clear");
  });
});
