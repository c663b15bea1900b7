import { describe, expect, it } from "vitest";
import { MIB } from "../../shared/bytes.ts";
import { goesStraight } from "./bend.ts";
import { LeakDetector } from "./leak-detector.ts";
import type { Mark } from "./mark.ts";

/** Numbers from 0 to 1, the same for each seed. */
function noise(seed: number): () => number {
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Course {
  /** Live bytes at a mark, MiB. */
  readonly live: (at: number) => number;
  readonly seed: number;
  readonly collectedAt?: readonly number[];
  /** Of what is taken in between two collections, MiB a mark, what only the next one takes away. */
  readonly garbage?: number;
}

/** Two hours of a heap whose young generation takes a megabyte in a mark and is collected at twelve, at no certain moment of a mark. */
function marksOf({ live, seed, collectedAt = [13], garbage = 0 }: Course): Mark[] {
  const random = noise(seed);
  let young = 0;
  let dead = 0;
  return Array.from({ length: 240 }, (_, at) => {
    young += 1;
    dead += garbage;
    const collected = collectedAt.includes(at);
    if (young >= 12) young = random();
    if (collected) [young, dead] = [0, 0];
    const exact = collected ? live(at) * MIB : null;
    const committed = Math.ceil(4 * (live(at) + dead + 16)) * (MIB / 4);
    return { at, atMs: at * 30_000, low: (live(at) + dead + young) * MIB, exact, collected, committed, load: 100 };
  });
}

const SEEDS = Array.from({ length: 10 }, (_, seed) => seed);
const since = (at: number) => Math.max(0, at - 13);
/** New keys of a long tail: ever fewer, and never none. */
const tail = (mib: number, slow: number) => (at: number) =>
  8 + (mib * Math.log1p(since(at) / slow)) / Math.log1p(227 / slow);
const leak = (mib: number) => (at: number) => 8 + (mib * since(at)) / 227;

function confirmedAt(course: Course): number | null {
  const detector = new LeakDetector();
  for (const { at, atMs, low, exact, committed, load } of marksOf(course)) {
    detector.push({
      sequence: at,
      sampledAt: new Date(atMs).toISOString(),
      process: {
        rssBytes: committed + 50 * MIB,
        heapUsedBytes: low,
        heapTotalBytes: committed,
        externalBytes: 4 * MIB,
        arrayBuffersBytes: MIB,
      },
      gc: { heapUsedAfterMajorBytes: exact },
      activity: { requests: load },
    });
    if (detector.state === "confirmed") return at;
  }
  return null;
}

describe("Growth that no collection has proven", () => {
  it.each([4, 6, 10, 20])("goes on where it is a leak of %s MiB in two hours", (mib) => {
    for (const seed of SEEDS) expect(goesStraight(marksOf({ live: leak(mib), seed }), 15)).toBe(true);
  });

  it.each([4, 6, 10, 20])("does not where new keys become ever fewer, with %s MiB in two hours", (mib) => {
    for (const seed of SEEDS) expect(goesStraight(marksOf({ live: tail(mib, 60), seed }), 15)).toBe(false);
  });

  it("is told by its course between collections, whatever garbage each of them took away", () => {
    const course = { seed: 3, collectedAt: [13, 90, 160], garbage: 0.02 };
    expect(goesStraight(marksOf({ ...course, live: leak(10) }), 15)).toBe(true);
    expect(goesStraight(marksOf({ ...course, live: tail(10, 60) }), 15)).toBe(false);
  });

  it("is told nothing of by too few young collections", () => {
    expect(goesStraight(marksOf({ live: leak(10), seed: 1 }), 180)).toBeNull();
  });

  it("is confirmed where it goes on, and never where it slows down all the time", () => {
    for (const seed of SEEDS.slice(0, 6)) {
      expect(confirmedAt({ live: leak(8), seed })).toBeLessThan(170);
      for (const slow of [60, 120]) expect(confirmedAt({ live: tail(8, slow), seed })).toBeNull();
    }
  });
});
