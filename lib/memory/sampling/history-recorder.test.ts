import { describe, expect, it } from "vitest";
import type { MemorySample } from "../../contracts/memory.ts";
import type { SampleLog } from "../../ports/sample-log.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { HistoryRecorder } from "./history-recorder.ts";

const sample = (sequence: number) => ({ sequence }) as MemorySample;

/** A log that keeps what it is given, or refuses. */
class MemoryLog {
  batches: number[][] = [];
  trims = 0;
  refuse = false;
  async append(samples: readonly MemorySample[]): Promise<void> {
    if (this.refuse) throw new Error("disk full");
    this.batches.push(samples.map(({ sequence }) => sequence));
  }
  async trim(): Promise<boolean> {
    this.trims += 1;
    return false;
  }
}

function recorder() {
  const [log, clock, errors] = [new MemoryLog(), new FakeClock(), [] as unknown[]];
  return {
    log,
    clock,
    errors,
    recorder: new HistoryRecorder(log as unknown as SampleLog, clock, (error) => errors.push(error)),
  };
}

describe("HistoryRecorder", () => {
  it("writes in batches of ten, and whatever waits after five seconds", async () => {
    const { log, clock, recorder: history } = recorder();
    history.start();
    for (let sequence = 1; sequence <= 12; sequence++) history.record(sample(sequence));
    await history.flush();
    history.record(sample(13));
    clock.advance(5_000);
    await history.stop();
    expect(log.batches.flat()).toEqual(Array.from({ length: 13 }, (_, index) => index + 1));
    expect(log.batches.length).toBeLessThan(5);
  });

  it("holds at most 500 while the database refuses, counts what it gave up, and writes the rest later in order", async () => {
    const { log, errors, recorder: history } = recorder();
    log.refuse = true;
    for (let sequence = 1; sequence <= 2_000; sequence++) {
      history.record(sample(sequence));
      expect(history.waitingSamples).toBeLessThanOrEqual(500);
    }
    await history.flush();
    expect(errors.length).toBeGreaterThan(0);
    log.refuse = false;
    await history.flush();
    expect(log.batches.flat()).toEqual(Array.from({ length: 500 }, (_, index) => 1501 + index));
    expect(history.droppedSamples).toBe(1_500);
  });

  it("trims after every 500 rows, so that the bound on rows holds at any rate of sampling", async () => {
    const { log, recorder: history } = recorder();
    for (let sequence = 1; sequence <= 1_500; sequence++) {
      history.record(sample(sequence));
      if (sequence % 100 === 0) await history.flush();
    }
    expect(log.trims).toBe(3);
  });
});
