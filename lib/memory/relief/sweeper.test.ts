import { expect, it } from "vitest";
import type { BoundedStore } from "../../ports/bounded-store.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { Sweeper } from "./sweeper.ts";

/** A store of which only the sweep matters. */
const sweeping = (sweep: () => Promise<number>) => ({ sweep }) as unknown as BoundedStore;

it("sweeps every store each 5 s, though the one before it failed, and stops", async () => {
  const clock = new FakeClock();
  const failures: unknown[] = [];
  let swept = 0;
  const stores = [
    sweeping(() => Promise.reject(new Error("no disk"))),
    sweeping(async () => {
      swept++;
      return 0;
    }),
  ];
  const stop = new Sweeper(stores, clock, (error) => failures.push(error)).start();
  clock.advance(5_000);
  await new Promise(setImmediate);
  clock.advance(5_000);
  await stop();
  clock.advance(60_000);
  expect([swept, failures.length]).toEqual([2, 2]);
});

it("never runs two sweeps at once", async () => {
  const clock = new FakeClock();
  let running = 0;
  let most = 0;
  const slow = sweeping(async () => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
    return 0;
  });
  const stop = new Sweeper([slow], clock, () => expect.unreachable()).start();
  clock.advance(25_000);
  await stop();
  expect(most).toBe(1);
});
