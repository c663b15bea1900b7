import { describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/fake-clock.ts";
import { LoopGate } from "./loop-gate.ts";

/** A clock whose ticks come when the test says, as those of a busy event loop do. */
class LateClock extends FakeClock {
  #run: () => void = () => undefined;
  #nowMs = 0;

  override monotonicMs(): number {
    return this.#nowMs;
  }

  override every(_periodMs: number, run: () => void): () => void {
    this.#run = run;
    return () => undefined;
  }

  tickAfter(ms: number): void {
    this.#nowMs += ms;
    this.#run();
  }
}

describe("LoopGate", () => {
  it("closes when ticks in a row, each more than 200 ms late, add up to 2 s, and opens with the first in time", () => {
    const clock = new LateClock();
    const gate = new LoopGate(clock);
    gate.start();
    const seen = [100, 60_000, 100, 700, 700, 300, 700, 700, 700, 60_000, 110, 60_000].map((ms) => {
      clock.tickAfter(ms);
      return gate.closed;
    });
    expect(seen).toEqual([...Array(8).fill(false), false, true, false, false]);
  });
});
