import { expect, it } from "vitest";
import { MIB } from "../../shared/bytes.ts";
import { PackingPace } from "./packing-pace.ts";

const times = (count: number, run: () => void) => {
  for (let at = 0; at < count; at++) run();
};

it("waits up to 32 s while what it packs is wanted again, and a second again when that is over", () => {
  const pace = new PackingPace();
  const inUse = () => {
    pace.packed();
    pace.wantedAgain();
  };
  times(31, inUse);
  expect(pace.idleMs(0)).toBe(1_000);
  times(1, inUse);
  expect(pace.idleMs(0)).toBe(2_000);
  times(10_000, inUse);
  expect(pace.idleMs(0)).toBe(32_000);
  times(10_000, () => pace.packed());
  expect(pace.idleMs(0)).toBe(1_000);
});

it("waits a second, whatever is wanted again, while more than 2 MiB is not packed", () => {
  const pace = new PackingPace();
  times(10_000, () => pace.wantedAgain());
  expect([pace.idleMs(2 * MIB), pace.idleMs(2 * MIB + 1)]).toEqual([32_000, 1_000]);
});

it("stays as it is where a quarter is wanted again", () => {
  const pace = new PackingPace();
  times(64, () => pace.wantedAgain());
  const before = pace.idleMs(0);
  times(1_000, () => {
    times(4, () => pace.packed());
    pace.wantedAgain();
  });
  expect(pace.idleMs(0)).toBe(before);
});
