import fc from "fast-check";
import { expect, it } from "vitest";
import { RuntimeBaseline } from "./runtime-baseline.ts";

const read = (readings: readonly number[]) => {
  const baseline = new RuntimeBaseline();
  return readings.map((bytes) => baseline.read(bytes, true)).at(-1);
};

it("is no peak: what goes back within ten readings was never the runtime's", () => {
  expect(read([180, 240, 236, 171])).toBe(171);
  expect(read([171, 240, 236, 230])).toBe(171);
});

it("follows what loads on first use and stays", () => {
  expect(read([150, ...Array<number>(10).fill(190)])).toBe(190);
});

it("does not rise from the first item on, whatever is read and emptied later", () => {
  const baseline = new RuntimeBaseline();
  baseline.read(170, true);
  expect(baseline.read(160, false)).toBe(170);
  expect([baseline.settled, ...Array.from({ length: 20 }, () => baseline.read(900, true))]).toEqual([
    true,
    ...Array<number>(20).fill(170),
  ]);
});

it("falls with items too, to what ten readings in a row stayed below, and not for a moment's dip", () => {
  const baseline = new RuntimeBaseline();
  baseline.read(190, false);
  const readings = [...Array<number>(9).fill(120), 195, ...Array<number>(8).fill(120), 130];
  for (const bytes of readings) expect(baseline.read(bytes, false)).toBe(190);
  expect(baseline.read(110, false)).toBe(130);
  for (let turn = 0; turn < 10; turn++) baseline.read(150, false);
  expect(baseline.read(150, true)).toBe(130);
});

it("takes the first reading of a process that starts with items, until it proves too high", () => {
  const baseline = new RuntimeBaseline();
  expect([baseline.read(200, false), baseline.read(100, false)]).toEqual([200, 200]);
  for (let turn = 0; turn < 8; turn++) expect(baseline.read(100, false)).toBe(200);
  expect(baseline.read(100, false)).toBe(100);
});

it("never claims more than the process held at some time in the last ten readings, for any readings", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 60 }), (readings) => {
      const lowest = Math.min(...readings.slice(-10));
      expect(read(readings)).toBe(lowest);
    }),
  );
});
