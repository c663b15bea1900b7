import { describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TurnSlicer } from "./turn-slicer.ts";

function slicerWithTurns() {
  const clock = new FakeClock();
  const turns: (() => void)[] = [];
  const slicer = new TurnSlicer(clock, { nextTurn: (callback) => turns.push(callback) });
  const turn = () => {
    for (const callback of turns.splice(0)) callback();
  };
  return { clock, slicer, turn };
}

describe("TurnSlicer", () => {
  it("T63: is spent after 10 ms and fresh again after a breath", async () => {
    const { clock, slicer, turn } = slicerWithTurns();
    clock.advance(9);
    expect(slicer.spent).toBe(false);
    clock.advance(1);
    expect(slicer.spent).toBe(true);
    const breath = slicer.breathe();
    clock.advance(500);
    turn();
    await breath;
    expect(slicer.spent).toBe(false);
    expect(slicer.finish()).toBe(10);
  });

  it("does not count the wait for a disk as a pause, but counts the work on both sides of it", () => {
    const { clock, slicer, turn } = slicerWithTurns();
    clock.advance(7);
    turn();
    clock.advance(400);
    expect(slicer.spent).toBe(false);
    clock.advance(12);
    expect(slicer.finish()).toBe(12);
  });
});
