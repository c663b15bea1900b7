import { expect, it } from "vitest";
import { FakeClock } from "../../../testing/fake-clock.ts";
import { Turns } from "./turns.ts";

/** One round of the event loop, as a request that wants to be answered has it. */
const round = () => new Promise<void>((resolve) => setImmediate(resolve));

it("gives the loop back after 4 ms of work, however many searches wait, and lets each of them go on in turn", async () => {
  const clock = new FakeClock();
  const turns = new Turns(clock);
  const steps: number[] = [];
  const search = async (id: number) => {
    for (let step = 0; step < 40; step++) {
      if (turns.spent) await turns.yield();
      clock.advance(1);
      steps.push(id);
    }
  };
  let left = 50;
  const searches = Array.from({ length: 50 }, (_, id) => search(id).finally(() => left--));
  let most = 0;
  // What one round of the loop waits for, in steps of a millisecond: counted, whatever the machine takes for it.
  while (left > 0) {
    const before = steps.length;
    await round();
    most = Math.max(most, steps.length - before);
  }
  await Promise.all(searches);
  expect(most).toBeLessThanOrEqual(4);
  expect(steps).toHaveLength(2_000);
  // Nobody is passed over: each has begun before any has had a quarter of its steps beyond the others.
  expect(new Set(steps.slice(0, 400)).size).toBe(50);
});
