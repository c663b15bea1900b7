import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MemoryAlert } from "../../contracts/events.ts";
import type { OptimizationRun } from "../../contracts/memory.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import type { OptimizeRequest } from "../relief/optimizer.ts";
import { AutomaticOptimizer } from "./automatic-optimizer.ts";

const LIMIT = 1000;

/** An optimizer that frees so much of what it is asked for, at once. */
function automaticOf(share: () => number) {
  const clock = new FakeClock();
  const runs: (OptimizeRequest & { atMs: number })[] = [];
  const alerts: MemoryAlert[] = [];
  const errors: unknown[] = [];
  const state = { used: 0 };
  const automatic = new AutomaticOptimizer({
    clock,
    limitBytes: () => LIMIT,
    atRatio: () => 0.85,
    onAlert: (alert) => alerts.push(alert),
    onError: (error) => errors.push(error),
    optimize: async (request) => {
      runs.push({ ...request, atMs: clock.monotonicMs() });
      if (share() < 0) throw new Error("no");
      const before = state.used;
      if (request.targetRatio !== undefined) state.used -= Math.max(0, before - request.targetRatio * LIMIT) * share();
      return { before: { usedBytes: before }, rssFreedBytes: before - state.used } as OptimizationRun;
    },
  });
  const observe = async (percent: number) => {
    state.used = percent * 10;
    automatic.observe(percent / 100);
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  };
  return { automatic, clock, runs, alerts, errors, observe };
}

describe("AutomaticOptimizer", () => {
  it("runs above 85 %, not at it", async () => {
    const { observe, runs } = automaticOf(() => 1);
    await observe(85);
    expect(runs).toEqual([]);
    await observe(85.1);
    expect(runs).toMatchObject([{ trigger: "pressure", actor: "system", targetRatio: 0.7 }]);
  });

  it("T71: raises one alert per episode, which ends only below 80 %", async () => {
    const { observe, alerts } = automaticOf(() => 0);
    for (const percent of [86, 84, 87, 81, 90, 80, 95]) await observe(percent);
    expect(alerts).toHaveLength(1);
    for (const percent of [79, 86]) await observe(percent);
    expect(alerts.map(({ usedRatio }) => usedRatio)).toEqual([0.86, 0.86]);
  });

  it("doubles its cool-down while it frees too little, up to 16 minutes, and starts over with the next episode", async () => {
    const { observe, clock, runs } = automaticOf(() => 0.1);
    for (let second = 0; second < 3 * 3600; second++) {
      clock.advance(1000);
      await observe(90);
    }
    const gaps = runs.slice(1).map(({ atMs }, at) => Math.round((atMs - (runs[at]?.atMs ?? 0)) / 60_000));
    expect(gaps.slice(0, 6)).toEqual([2, 4, 8, 16, 16, 16]);
    await observe(70);
    await observe(90);
    const count = runs.length;
    clock.advance(120_000);
    await observe(90);
    expect(runs).toHaveLength(count + 1);
  });

  it("T53: keeps runs under pressure a minute apart, within an episode and across them, whatever usage does", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ percent: fc.double({ min: 60, max: 120, noNaN: true }), waitMs: fc.nat(40_000) })),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (readings, share) => {
          const { observe, clock, runs } = automaticOf(() => share);
          for (const { percent, waitMs } of readings) {
            clock.advance(waitMs);
            await observe(percent);
          }
          for (const [at, run] of runs.entries()) {
            if (at > 0) expect(run.atMs - (runs[at - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(60_000);
          }
        },
      ),
    );
  });

  it("removes what has expired every 300 s, and nothing else", () => {
    const { automatic, clock, runs } = automaticOf(() => 1);
    const stop = automatic.start();
    clock.advance(900_000);
    stop();
    clock.advance(900_000);
    expect(runs.map(({ atMs }) => atMs)).toEqual([300_000, 600_000, 900_000]);
    expect(runs.every(({ trigger, steps }) => trigger === "scheduled" && steps?.join() === "expire")).toBe(true);
  });

  it("says when it will next act: the upkeep, or the end of the cool-down if that is sooner", async () => {
    const { automatic, clock, observe } = automaticOf(() => 1);
    expect(automatic.nextAutomaticAt).toBeNull();
    automatic.start();
    expect(automatic.nextAutomaticAt).toBe(new Date(clock.nowMs() + 300_000).toISOString());
    await observe(86);
    expect(automatic.nextAutomaticAt).toBe(new Date(clock.nowMs() + 60_000).toISOString());
  });

  it("T71: ignores readings that are no numbers, and reports a run that could not begin", async () => {
    const { observe, automatic, runs, errors } = automaticOf(() => -1);
    automatic.observe(Number.NaN);
    automatic.observe(-1);
    expect(runs).toEqual([]);
    await observe(90);
    expect(errors).toHaveLength(1);
  });

  it("makes room without loss when the limit is certain to be reached within ten minutes, once in a quarter of an hour", () => {
    const { automatic, clock, runs } = automaticOf(() => 1);
    automatic.expect({ secondsToLimit: 300, low: 200, high: 700 }, 0.8);
    automatic.expect({ secondsToLimit: 300, low: 200, high: 500 }, 0.69);
    expect(runs).toEqual([]);
    automatic.expect({ secondsToLimit: 300, low: 200, high: 500 }, 0.8);
    automatic.expect({ secondsToLimit: 300, low: 200, high: 500 }, 0.8);
    expect(runs).toMatchObject([{ trigger: "forecast" }]);
    expect(runs[0]?.targetRatio).toBeUndefined();
    clock.advance(1000);
  });
});
