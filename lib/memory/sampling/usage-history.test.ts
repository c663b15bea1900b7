import { expect, it } from "vitest";
import { UsageHistory } from "./usage-history.ts";

it("holds at most 2,880 readings in order of time, with the newest and the highest always among them", () => {
  const history = new UsageHistory();
  for (let at = 0; at < 20_000; at++) {
    history.add({ atMs: at, usedBytes: at === 77 ? 999_999 : at % 100 });
    expect(history.readings.length).toBeLessThanOrEqual(2_880);
    expect(history.readings.at(-1)?.atMs).toBe(at);
  }
  const times = history.readings.map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(Math.max(...history.readings.map(({ usedBytes }) => usedBytes))).toBe(999_999);
});
