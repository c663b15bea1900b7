import { describe, expect, it } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";

describe("FakeClock", () => {
  it("fires what falls due in order, each at its own time, and repeats what repeats", () => {
    const clock = new FakeClock();
    const fired: [string, number][] = [];
    clock.after(30, () => fired.push(["once", clock.monotonicMs()]));
    const stop = clock.every(20, () => fired.push(["tick", clock.monotonicMs()]));
    clock.advance(50);
    stop();
    clock.advance(50);
    expect(fired).toEqual([
      ["tick", 20],
      ["once", 30],
      ["tick", 40],
    ]);
  });

  it("T64: moves the wall clock without moving timeouts", () => {
    const clock = new FakeClock(0);
    let fired = false;
    clock.after(1000, () => {
      fired = true;
    });
    clock.jumpWall(3_600_000);
    expect([clock.nowMs(), clock.monotonicMs(), fired]).toEqual([3_600_000, 0, false]);
  });
});
