import { describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TurnYielder } from "./turn-yielder.ts";

function yielderWithTurns() {
  const clock = new FakeClock();
  const turns: (() => void)[] = [];
  const yielder = new TurnYielder(clock, { nextTurn: (callback) => turns.push(callback) });
  const turn = () => {
    for (const callback of turns.splice(0)) callback();
  };
  return { clock, yielder, turn };
}

describe("TurnYielder", () => {
  it("T63: is spent after 10 ms and fresh again after a yield", async () => {
    const { clock, yielder, turn } = yielderWithTurns();
    clock.advance(9);
    expect(yielder.spent).toBe(false);
    clock.advance(1);
    expect(yielder.spent).toBe(true);
    const yielded = yielder.yield();
    clock.advance(500);
    turn();
    await yielded;
    expect(yielder.spent).toBe(false);
    expect(yielder.finish()).toBe(10);
  });

  it("does not count the wait for a disk as a pause, but counts the work on both sides of it", () => {
    const { clock, yielder, turn } = yielderWithTurns();
    clock.advance(7);
    turn();
    clock.advance(400);
    expect(yielder.spent).toBe(false);
    clock.advance(12);
    expect(yielder.finish()).toBe(12);
  });
});
