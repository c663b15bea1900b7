import { describe, expect, it } from "vitest";
import type { VectorRows } from "../../../ports/vector-rows.ts";
import { parseFilter } from "../../../shared/filter.ts";
import type { Collection } from "./collection.ts";
import { FilterMatches, MOST_KEPT, RowSet } from "./filter-matches.ts";

const newCollection = (id: number) => ({ record: { id }, version: 0, dropped: false }) as unknown as Collection;
const filterOf = (n: number) => parseFilter({ n });

/** Rows that answer when told to. */
function newRows(answer: () => Promise<number[]> = async () => [3, 1, 2]) {
  let asked = 0;
  let running = 0;
  let mostRunning = 0;
  const rows = {
    async matching() {
      asked++;
      mostRunning = Math.max(mostRunning, ++running);
      try {
        return await answer();
      } finally {
        running--;
      }
    },
  } as unknown as VectorRows;
  return { rows, asked: () => asked, mostRunning: () => mostRunning };
}

describe("rows that a filter takes", () => {
  it("are read once for all that ask the same of an unchanged collection, and again after a write", async () => {
    const { rows, asked } = newRows();
    const matches = new FilterMatches(rows);
    const collection = newCollection(1);
    await Promise.all(Array.from({ length: 50 }, () => matches.of(collection, filterOf(1))));
    await matches.of(collection, filterOf(1));
    expect(asked()).toBe(1);
    collection.version++;
    await matches.of(collection, filterOf(1));
    expect(asked()).toBe(2);
    await matches.of(newCollection(1), filterOf(1));
    expect(asked()).toBe(3);
  });

  it("are read by one filter at a time, and at most eight answers are kept", async () => {
    const { rows, mostRunning } = newRows();
    const matches = new FilterMatches(rows);
    const collection = newCollection(1);
    await Promise.all(
      Array.from({ length: 100 }, (_, n) => {
        const answer = matches.of(collection, filterOf(n));
        expect(matches.kept).toBeLessThanOrEqual(MOST_KEPT);
        return answer;
      }),
    );
    expect(mostRunning()).toBe(1);
  });

  it("keep nothing of an answer that failed, nor of one over 256 KiB, nor of a collection that was dropped", async () => {
    let fail = true;
    const { rows, asked } = newRows(async () => {
      if (fail) throw new Error("the disk");
      return Array.from({ length: 40_000 }, (_, row) => row);
    });
    const matches = new FilterMatches(rows);
    const collection = newCollection(1);
    await expect(matches.of(collection, filterOf(1))).rejects.toThrow("the disk");
    expect(matches.kept).toBe(0);
    fail = false;
    await matches.of(collection, filterOf(1));
    expect([matches.kept, asked()]).toEqual([0, 2]);
    const small = new FilterMatches(newRows().rows);
    await small.of(collection, filterOf(1));
    collection.dropped = true;
    await small.of(newCollection(2), filterOf(1));
    expect(small.kept).toBe(1);
  });

  it("are found in any order of rows", () => {
    const set = new RowSet([9, 2, 2 ** 40, 5]);
    expect([2, 5, 9, 2 ** 40, 0, 3, 10, 2 ** 41].map((row) => set.has(row))).toEqual([
      ...[true, true, true, true],
      ...[false, false, false, false],
    ]);
    expect(new RowSet([]).has(0)).toBe(false);
  });
});
