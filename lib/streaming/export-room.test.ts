import { expect, it } from "vitest";
import { MIB } from "../shared/bytes.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { TestAccount } from "../testing/test-account.ts";
import { ByteBudget } from "./byte-budget.ts";
import { ExportRoom } from "./export-room.ts";

it("exports take at most half of the streams' memory, and however many one namespace asks for, another gets one", async () => {
  const budget = new ByteBudget({ account: new TestAccount(64 * MIB), clock: new FakeClock() });
  const room = new ExportRoom(budget);
  const { signal } = new AbortController();
  const releases: (() => void)[] = [];
  for (let asked = 0; asked < 100; asked++) {
    const release = await room.reserve(MIB, "greedy", signal);
    if (release) releases.push(release);
  }
  expect(releases.length).toBeGreaterThan(16);
  const other = await room.reserve(MIB, "other", signal);
  expect(other).not.toBeNull();
  expect(budget.heldBytes).toBe((releases.length + 1) * MIB);
  expect(budget.heldBytes).toBeLessThanOrEqual(32 * MIB);
  for (const release of releases) release();
  other?.();
  expect(budget.heldBytes).toBe(0);
  // What is larger than all the room is possible while nobody else exports, and only then.
  const large = await room.reserve(1_000 * MIB, "other", signal);
  expect(await room.reserve(MIB, "greedy", signal)).toBeNull();
  large?.();
  expect(await room.reserve(MIB, "greedy", signal)).not.toBeNull();
});

it("an export that holds more than half of the streams' memory has all of it reserved, and none runs beside it", async () => {
  const budget = new ByteBudget({ account: new TestAccount(64 * MIB), clock: new FakeClock() });
  const room = new ExportRoom(budget);
  const { signal } = new AbortController();
  const release = await room.reserve(48 * MIB, "large", signal);
  expect(budget.heldBytes).toBe(48 * MIB);
  expect(await room.reserve(MIB, "other", signal)).toBeNull();
  release?.();
  const small = await room.reserve(MIB, "other", signal);
  expect(await room.reserve(48 * MIB, "large", signal)).toBeNull();
  small?.();
  expect(budget.heldBytes).toBe(0);
});
