import { describe, expect, it } from "vitest";
import type { Mark } from "./mark.ts";
import { provenUntil } from "./uncollected.ts";

const MIB = 2 ** 20;

function marksOf(bytes: (i: number) => number, collections: readonly number[], length = 120): Mark[] {
  return Array.from({ length }, (_, i) => ({
    at: i,
    atMs: i * 30_000,
    low: bytes(i) * MIB,
    exact: null,
    collected: collections.includes(i),
    committed: 40 * MIB,
    load: 100,
  }));
}

describe("growth off the heap is proven", () => {
  it("to the end where all that came in stays, though no collection was seen, or one that released nothing", () => {
    expect(
      provenUntil(
        marksOf((i) => 4 + 0.3 * i, []),
        0,
      ),
    ).toBe(119);
    expect(
      provenUntil(
        marksOf((i) => 4 + 0.3 * i, [20, 80]),
        0,
      ),
    ).toBe(119);
  });

  it("up to a collection that released something, since the next may release what came after it", () => {
    const pool = (i: number) => 20 + 0.4 * ((i + 60) % 80);
    expect(provenUntil(marksOf(pool, [20, 100]), 10)).toBe(102);
  });

  it("up to the last collection where young collections free most of what comes in", () => {
    const uploads = (i: number) => 10 + 2 * Math.floor(i / 10) + (i % 4 === 0 ? 6 : 0);
    expect(provenUntil(marksOf(uploads, [14]), 20)).toBe(16);
    expect(provenUntil(marksOf(uploads, []), 20)).toBe(-1);
  });

  it("to the end where a leak goes on in small steps beside large buffers that come and go", () => {
    const both = (i: number) => 10 + 0.1 * i + (i % 12 < 3 ? 3 : 0);
    expect(provenUntil(marksOf(both, []), 0)).toBe(119);
  });

  it("again to the end where what was released came before the growth began", () => {
    const late = (i: number) => (i < 40 ? 10 + 0.5 * (i % 20) : 10 + 0.3 * (i - 40));
    expect(provenUntil(marksOf(late, [20]), 41)).toBe(119);
  });
});
