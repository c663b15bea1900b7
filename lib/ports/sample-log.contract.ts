import { beforeEach, describe, expect, it } from "vitest";
import type { History, HistoryStep, MemorySample } from "../contracts/memory.ts";
import { memorySample } from "../testing/memory-sample.ts";
import { MOST_SAMPLES, type SampleLog, type SampleLogBounds } from "./sample-log.ts";

const START_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const EVERYTHING = { fromMs: 0, toMs: START_MS + 365 * DAY_MS };
const ROOMY: SampleLogBounds = { maxSamples: 25_000, fineMs: 30 * DAY_MS, coarseMs: 365 * DAY_MS };

/** Two samples a minute for ten hours: usage is the sequence. */
const tenHours = Array.from({ length: 1200 }, (_, at) => memorySample(at + 1, START_MS + at * 30_000));
const sequencesOf = ({ samples }: History) => samples.flatMap((entry) => ("sequence" in entry ? [entry.sequence] : []));

/** What every driver of SampleLog must do. `fresh` makes an empty log of bounds; `reopen` opens the same storage again. */
export function describeSampleLog(
  name: string,
  fresh: (bounds: SampleLogBounds) => Promise<{ rows: SampleLog; reopen: () => Promise<SampleLog> }>,
): void {
  describe(name, () => {
    let log: SampleLog;
    let reopen: () => Promise<SampleLog>;
    const open = async (bounds: Partial<SampleLogBounds>, samples: readonly MemorySample[] = []) => {
      ({ rows: log, reopen } = await fresh({ ...ROOMY, ...bounds }));
      for (let at = 0; at < samples.length; at += 100) await log.append(samples.slice(at, at + 100));
    };
    const trimAll = async (nowMs: number) => {
      while (await log.trim(nowMs));
    };
    const steps = async (seconds: number) => (await log.steps(EVERYTHING, seconds)).samples as HistoryStep[];
    beforeEach(() => open({}));

    it("gives samples back as they were, through a restart, and leaves out what it has already", async () => {
      expect([await log.lastSequence(), await log.samples(EVERYTHING)]).toEqual([
        0,
        { samples: [], stepSeconds: null, truncated: false, restarts: [] },
      ]);
      await log.append(tenHours);
      await log.append([memorySample(2, START_MS, 999), memorySample(1201, START_MS + 10 * HOUR_MS)]);
      log = await reopen();
      expect(await log.lastSequence()).toBe(1201);
      expect((await log.samples(EVERYTHING)).samples.slice(0, 1200)).toEqual(tenHours);
    });

    it("takes a range with both its ends, and goes on after a sequence", async () => {
      await log.append(tenHours);
      const range = { fromMs: START_MS + 30_000, toMs: START_MS + 90_000 };
      expect(sequencesOf(await log.samples(range))).toEqual([2, 3, 4]);
      expect(sequencesOf(await log.samples(range, 3))).toEqual([4]);
      expect(sequencesOf(await log.samples(EVERYTHING, 1197))).toEqual([1198, 1199, 1200]);
      expect(await log.samples({ fromMs: 0, toMs: START_MS - 1 })).toMatchObject({ samples: [], truncated: false });
    });

    it("answers with the newest 2,000 samples of more, or the next 2,000 after a sequence, and says so", async () => {
      const many = Array.from({ length: MOST_SAMPLES + 50 }, (_, at) => memorySample(at + 1, START_MS + at * 1_000));
      await open({}, many);
      const newest = await log.samples(EVERYTHING);
      expect([newest.truncated, sequencesOf(newest)]).toEqual([true, many.slice(50).map(({ sequence }) => sequence)]);
      const [first, second] = [await log.samples(EVERYTHING, 0), await log.samples(EVERYTHING, MOST_SAMPLES)];
      expect([first.truncated, second.truncated]).toEqual([true, false]);
      expect([...sequencesOf(first), ...sequencesOf(second)]).toEqual(many.map(({ sequence }) => sequence));
      const each = await log.steps(EVERYTHING, 1);
      expect([each.truncated, each.samples.length, (each.samples as HistoryStep[])[0]?.mean.usedBytes]).toEqual([
        true,
        MOST_SAMPLES,
        51,
      ]);
    });

    it("groups by step from its first multiple on, and leaves steps without samples out", async () => {
      await log.append([memorySample(1, START_MS + 10_000, 5), memorySample(2, START_MS + 59_999, 8)]);
      await log.append([memorySample(3, START_MS + 180_000, 2)]);
      const found = await log.steps(EVERYTHING, 60);
      expect([found.stepSeconds, found.truncated]).toEqual([60, false]);
      const [first, last, ...rest] = found.samples as HistoryStep[];
      expect([first?.startAt, first?.count, last?.startAt, last?.count, rest]).toEqual([
        new Date(START_MS).toISOString(),
        2,
        new Date(START_MS + 180_000).toISOString(),
        1,
        [],
      ]);
      expect([first?.min.usedBytes, first?.max.usedBytes, first?.mean.usedBytes]).toEqual([5, 8, 6.5]);
      expect([first?.mean.gcPauseMs, first?.mean.rssBytes, first?.mean.limitBytes]).toEqual([1.5, 6.5, 1000]);
      expect(first?.breakdown.find(({ component }) => component === "runtime")?.bytes).toBe(6.5);
    });

    it("says the same of each hour before and after samples are rolled up twice, and keeps the newest as they were", async () => {
      await open({ maxSamples: 100, fineMs: 2 * HOUR_MS }, tenHours);
      const before = await steps(3600);
      expect(before.map(({ count }) => count)).toEqual(Array(10).fill(120));
      expect(before[1]).toMatchObject({ min: { usedBytes: 121 }, max: { usedBytes: 240 }, mean: { usedBytes: 180.5 } });
      await trimAll(START_MS + 10 * HOUR_MS);
      log = await reopen();
      expect(await steps(3600)).toEqual(before);
      const left = sequencesOf(await log.samples(EVERYTHING));
      expect(left).toEqual(tenHours.slice(1100).map(({ sequence }) => sequence));
      expect(await log.lastSequence()).toBe(1200);
      // Eight hours in one step each, and two in steps of five minutes.
      expect(await steps(300)).toHaveLength(8 + 24);
      expect(await log.trim(START_MS + 10 * HOUR_MS)).toBe(false);
    });

    it("takes no newer sample along when the clock was years ahead for a minute", async () => {
      const ahead = [1, 2].map((sequence) => memorySample(sequence, START_MS + 364 * DAY_MS + sequence));
      const right = tenHours.slice(2);
      await open({ maxSamples: 1_150 }, [...ahead, ...right]);
      await trimAll(START_MS + 10 * HOUR_MS);
      const left = sequencesOf(await log.samples(EVERYTHING));
      expect(left).toEqual(right.slice(-1_150).map(({ sequence }) => sequence));
      expect((await steps(3600)).reduce((sum, { count }) => sum + count, 0)).toBe(1200);
    });

    it("counts each sample once in its hour when the clock is set back over hours that were rolled up", async () => {
      await open({ maxSamples: 50, fineMs: 2 * HOUR_MS }, tenHours);
      await trimAll(START_MS + 10 * HOUR_MS);
      const again = tenHours.map((one) => memorySample(1200 + one.sequence, Date.parse(one.sampledAt), 2_000));
      for (let at = 0; at < again.length; at += 70) {
        await log.append(again.slice(at, at + 70));
        await trimAll(START_MS + 10 * HOUR_MS);
      }
      const found = await steps(3600);
      expect(found.map(({ count }) => count)).toEqual(Array(10).fill(240));
      expect(found[1]).toMatchObject({ min: { usedBytes: 121 }, max: { usedBytes: 2_000 } });
      expect(found[1]?.mean.usedBytes).toBeCloseTo((180.5 + 2_000) / 2, 6);
    });

    it("forgets hours after their time, and nothing before it", async () => {
      await open({ maxSamples: 100, fineMs: HOUR_MS, coarseMs: DAY_MS }, tenHours);
      await trimAll(START_MS + 10 * HOUR_MS);
      expect((await steps(3600)).length).toBe(10);
      await trimAll(START_MS + DAY_MS + 3 * HOUR_MS);
      expect((await steps(3600)).map(({ startAt }) => Date.parse(startAt) - START_MS)).toEqual(
        [3, 4, 5, 6, 7, 8, 9].map((hour) => hour * HOUR_MS),
      );
      await trimAll(START_MS + 40 * DAY_MS);
      expect((await steps(3600)).reduce((sum, { count }) => sum + count, 0)).toBe(100);
    });

    it("tells of every restart though the samples that knew of it were rolled up, and of no first start", async () => {
      const boots = ["first", "second", "third"];
      const lives = tenHours.map((one, at) => ({ ...one, bootId: boots[Math.floor(at / 400)] ?? "" }));
      await open({ maxSamples: 100, fineMs: 1 }, lives);
      await trimAll(START_MS + 48 * HOUR_MS);
      log = await reopen();
      const restarts = [
        { bootId: "second", at: lives[400]?.sampledAt },
        { bootId: "third", at: lives[800]?.sampledAt },
      ];
      expect((await log.steps(EVERYTHING, 3600)).restarts).toEqual(restarts);
      expect((await log.samples(EVERYTHING)).restarts).toEqual(restarts);
      const since = { ...EVERYTHING, fromMs: START_MS + 5 * HOUR_MS };
      expect((await log.steps(since, 3600)).restarts).toEqual(restarts.slice(1));
    });
  });
}
