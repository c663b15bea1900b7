import { expect, it } from "vitest";
import { FakeClock } from "../../testing/fake-clock.ts";
import { Deadlines } from "./deadlines.ts";

const late = () => new Error("late");

it("rejects what is not answered in time, and holds nothing of it afterwards", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock, 500);
  const outcomes = Promise.allSettled([
    deadlines.within(new Promise(() => undefined), late),
    deadlines.within(Promise.resolve("in time"), late),
    deadlines.within(Promise.reject(new Error("refused")), late),
  ]);
  await Promise.resolve();
  clock.advance(500);
  expect(deadlines.waiting).toBe(1);
  clock.advance(100);
  expect((await outcomes).map((outcome) => ("reason" in outcome ? outcome.reason.message : outcome.value))).toEqual([
    "late",
    "in time",
    "refused",
  ]);
  expect(deadlines.waiting).toBe(0);
});

it("waits on after a stop of this process, whose answers are there and unread", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock, 500);
  const answers: ((value: string) => void)[] = [];
  const outcome = deadlines.within(new Promise<string>((resolve) => answers.push(resolve)), late);
  clock.stall(60_000);
  expect(deadlines.waiting).toBe(1);
  answers[0]?.("read");
  expect(await outcome).toBe("read");
});
