import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { MemorySample } from "../../contracts/memory.ts";
import { forecast, type Reading } from "./forecast.ts";

const MIB = 2 ** 20;
const LIMIT = 1024 * MIB;
const STEP_MS = 30_000;
const DAY_MS = 86_400_000;

type Random = () => number;

/** Mulberry32: a seed gives the same series everywhere. */
function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const between = (random: Random, low: number, high: number) => low + (high - low) * random();

/** Bytes above the base at reading `at`, from 0. */
type Shape = (at: number) => number;

const noise =
  (random: Random, mib: number): Shape =>
  () =>
    mib * MIB * normal(random);

/** Noise that remembers: usage a minute ago is the best guess of usage now. */
function correlated(random: Random, mib: number): Shape {
  let value = 0;
  return () => {
    value = 0.9 * value + mib * MIB * Math.sqrt(1 - 0.81) * normal(random);
    return value;
  };
}

/** What a walk has gone stays gone: there is no line to come back to. */
function walk(random: Random, mib: number): Shape {
  let value = 0;
  return () => {
    value += mib * MIB * normal(random);
    return value;
  };
}

function sawtooth(random: Random, mib: number): Shape {
  const period = between(random, 4, 25);
  return (at) => ((at % period) / period) * mib * MIB;
}

const daily = (random: Random, mib: number): Shape => {
  const phase = between(random, 0, 2 * Math.PI);
  return (at) => (1 + Math.sin((2 * Math.PI * at * STEP_MS) / DAY_MS + phase)) * (mib / 2) * MIB;
};

function series(count: number, baseMib: number, shapes: readonly Shape[]): Reading[] {
  return Array.from({ length: count }, (_, at) => ({
    atMs: at * STEP_MS,
    usedBytes: baseMib * MIB + shapes.reduce((sum, shape) => sum + shape(at), 0),
  }));
}

/** What lies on a ramp by default: one of four kinds. */
function anyShapes(random: Random): Shape[] {
  const kinds: Shape[][] = [
    [noise(random, between(random, 1, 15))],
    [correlated(random, between(random, 2, 20)), noise(random, 2)],
    [sawtooth(random, between(random, 10, 60)), noise(random, 3)],
    [walk(random, between(random, 0.5, 1.5))],
  ];
  return kinds[Math.floor(random() * kinds.length)] ?? [];
}

/** Each kind by itself, some of them rougher than the four above. */
const ROUGH: Record<string, (random: Random) => Shape[]> = {
  "much noise": (random) => [noise(random, between(random, 15, 40))],
  "a walk": (random) => [walk(random, between(random, 0.5, 1.5))],
  "a wide walk": (random) => [walk(random, between(random, 1.5, 3))],
  "deep teeth": (random) => [sawtooth(random, between(random, 60, 150)), noise(random, 3)],
  peaks: (random) => [() => (random() < 0.02 ? between(random, 20, 60) * MIB : 0), noise(random, 3)],
};

/** A ramp cut off somewhere on its way, and how long it really took from there until it first stood at the limit. */
function ramp(seed: number, shapesOf = anyShapes): { seen: Reading[]; truthSeconds: number } {
  const random = randomFrom(seed);
  const baseMib = between(random, 150, 500);
  const total = Math.round(between(random, 200, 3000));
  const perReading = ((1024 - baseMib) * MIB) / total;
  const shapes = shapesOf(random);
  const whole = series(Math.ceil(total * 1.5), baseMib, [(at) => at * perReading, ...shapes]);
  const cut = Math.max(60, Math.round(total * between(random, 0.25, 0.85)));
  const crossing = whole.findIndex(({ usedBytes }, at) => at >= cut && usedBytes >= LIMIT);
  return { seen: whole.slice(0, cut), truthSeconds: ((crossing - cut + 1) * STEP_MS) / 1000 };
}

/** Series that go nowhere. */
const FLAT: Record<string, (random: Random) => Reading[]> = {
  noise: (random) => series(between(random, 60, 3000), 400, [noise(random, 20)]),
  correlated: (random) => series(between(random, 60, 3000), 400, [correlated(random, 20)]),
  sawtooth: (random) => series(between(random, 100, 3000), 300, [sawtooth(random, 120), noise(random, 5)]),
  "slow sawtooth": (random) => {
    const period = between(random, 40, 90);
    const shape: Shape = (at) => ((at % period) / period) * 150 * MIB;
    return series(between(random, 240, 3000), 300, [shape, noise(random, 5)]);
  },
  daily: (random) => series(between(random, 2 * 2880, 7 * 2880), 300, [daily(random, 200), noise(random, 8)]),
  "step up": (random) => {
    const at = between(random, 100, 900);
    return series(1000, 300, [(reading) => (reading > at ? 200 * MIB : 0), noise(random, 5)]);
  },
  "step down": (random) => {
    const at = between(random, 100, 900);
    return series(1000, 600, [(reading) => (reading > at ? -200 * MIB : 0), noise(random, 5)]);
  },
  "three steps up": (random) => {
    const steps = [between(random, 100, 300), between(random, 400, 600), between(random, 650, 850)];
    const shape: Shape = (at) => steps.filter((step) => at > step).length * 120 * MIB;
    return series(1000, 200, [shape, noise(random, 5)]);
  },
  "warm-up": (random) => {
    const tau = between(random, 20, 80);
    return series(1000, 200, [(at) => 300 * MIB * (1 - Math.exp(-at / tau)), noise(random, 5)]);
  },
};

const SEEDS = Array.from({ length: 200 }, (_, at) => 1000 + at * 7919);

describe("forecast", () => {
  it("holds the truth in its interval for at least 90 % of 200 ramps", () => {
    const outcomes = SEEDS.map((seed) => {
      const { seen, truthSeconds } = ramp(seed);
      const { low, high } = forecast(seen, LIMIT);
      return { told: low !== null, held: low !== null && high !== null && low <= truthSeconds && truthSeconds <= high };
    });
    const share = (test: (outcome: { told: boolean; held: boolean }) => boolean) =>
      outcomes.filter(test).length / outcomes.length;
    expect(share(({ told }) => told)).toBeGreaterThanOrEqual(0.95);
    expect(share(({ held }) => held)).toBeGreaterThanOrEqual(0.9);
  });

  for (const [name, shapesOf] of Object.entries(ROUGH)) {
    it(`holds the truth whenever it tells, in at least 90 % of 100 ramps, and tells of most, with ${name}`, () => {
      const told = SEEDS.slice(0, 100).flatMap((seed) => {
        const { seen, truthSeconds } = ramp(seed, shapesOf);
        const { low, high } = forecast(seen, LIMIT);
        return low === null || high === null ? [] : [low <= truthSeconds && truthSeconds <= high];
      });
      expect(told.length).toBeGreaterThanOrEqual(90);
      expect(told.filter(Boolean).length / told.length).toBeGreaterThanOrEqual(0.9);
    });
  }

  it("is narrow enough to be of use: half of the intervals are within a factor of two", () => {
    const factors = SEEDS.flatMap((seed) => {
      const { low, high } = forecast(ramp(seed).seen, LIMIT);
      return low === null || high === null ? [] : [high / low];
    }).toSorted((a, b) => a - b);
    expect(factors[Math.floor(factors.length / 2)]).toBeLessThan(2);
  });

  for (const [name, make] of Object.entries(FLAT)) {
    it(`is null without a trend: ${name}`, () => {
      const told = SEEDS.slice(0, 60).filter((seed) => forecast(make(randomFrom(seed)), LIMIT).secondsToLimit !== null);
      expect(told).toEqual([]);
    });
  }

  it("is null for too few readings, and at once for none", () => {
    expect(forecast([], LIMIT).secondsToLimit).toBeNull();
    expect(forecast(series(20, 100, [(at) => at * MIB]), LIMIT).secondsToLimit).toBeNull();
  });

  it("is null for what a process takes in its first minutes, however often it is sampled", () => {
    const eachSecond = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ atMs: at * 1000, usedBytes: 150 * MIB + at * MIB }));
    expect(forecast(eachSecond(299), LIMIT).secondsToLimit).toBeNull();
    expect(forecast(eachSecond(400), LIMIT).secondsToLimit).toBeCloseTo(1024 - 150 - 399, 0);
  });

  it("is exact on a straight line", () => {
    const seen = series(100, 100, [(at) => at * MIB]);
    const { secondsToLimit } = forecast(seen, LIMIT);
    expect(secondsToLimit).toBeCloseTo((1024 - 199) * 30, 0);
  });

  it("says zero, not less, when the limit is passed already", () => {
    const seen = series(100, 1000, [(at) => at * MIB]);
    expect(forecast(seen, LIMIT)).toMatchObject({ secondsToLimit: 0, low: 0, high: 0 });
  });

  const RECORDED = "../shared/data/leaks/";
  function recorded(name: string): Reading[] {
    const lines = gunzipSync(readFileSync(`${RECORDED}${name}.natural.ndjson.gz`))
      .toString("utf8")
      .trim()
      .split("\n");
    return lines.map((line) => {
      const sample = JSON.parse(line) as Pick<MemorySample, "sampledAt" | "process">;
      return { atMs: Date.parse(sample.sampledAt), usedBytes: sample.process.rssBytes };
    });
  }
  const there = existsSync(RECORDED);
  const healthy = ["N01-warm-up-plateau", "N03-sawtooth", "N04-diurnal", "N06-step-up", "N07-refill-after-flush"];

  it.skipIf(!there).each(healthy)("is null at the end of the recorded healthy program %s", (name) => {
    expect(forecast(recorded(name), LIMIT).secondsToLimit).toBeNull();
  });

  it.skipIf(!there).each(["L01-event-listener", "L03-unbounded-map", "L07-buffer-external"])(
    "sees the limit coming in the recorded leaking program %s",
    (name) => {
      expect(forecast(recorded(name), LIMIT).secondsToLimit).toBeGreaterThan(0);
    },
  );
});
