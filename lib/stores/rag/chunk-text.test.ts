import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Chunking, chunkText } from "./chunk-text.ts";

const pieces = fc.oneof(
  fc.constantFrom(
    "word ",
    "a",
    "\n\n",
    "\n",
    " ",
    "End. ",
    "Really? ",
    "你好。",
    "😀",
    "👩‍👩‍👧",
    "\u00a0",
    "x".repeat(80),
    "\t \n",
  ),
  fc.string({ maxLength: 12 }),
);
const texts = fc.array(pieces, { maxLength: 400 }).map((parts) => parts.join("").toWellFormed());
const chunkings: fc.Arbitrary<Chunking> = fc
  .record({ size: fc.integer({ min: 2, max: 300 }), share: fc.double({ min: 0, max: 0.5, noNaN: true }) })
  .map(({ size, share }) => ({ size, overlap: Math.floor(size * share) }));

describe("chunkText", () => {
  it("keeps every chunk within its size, trimmed, with no surrogate pair split, and loses nothing but white space", () => {
    fc.assert(
      fc.property(texts, chunkings, (text, chunking) => {
        const spans = chunkText(text, chunking);
        let reached = 0;
        for (const { start, end } of spans) {
          const chunk = text.slice(start, end);
          expect(chunk.length).toBeLessThanOrEqual(Math.max(2, chunking.size));
          expect(chunk).toBe(chunk.trim());
          expect(chunk).not.toBe("");
          expect(chunk.isWellFormed()).toBe(true);
          expect(text.slice(reached, Math.max(reached, start)).trim()).toBe("");
          expect(end).toBeGreaterThan(reached);
          reached = end;
        }
        expect(text.slice(reached).trim()).toBe("");
      }),
      { numRuns: 500 },
    );
  });

  it("repeats at most the overlap", () => {
    fc.assert(
      fc.property(texts, chunkings, (text, chunking) => {
        const spans = chunkText(text, chunking);
        spans.slice(1).forEach(({ start }, at) => {
          expect((spans[at]?.end ?? 0) - start).toBeLessThanOrEqual(chunking.overlap);
        });
      }),
    );
  });

  it("cuts at a paragraph's end before a sentence's, and at a sentence's before a word's", () => {
    const sentence = "Seven words are in this very sentence. ";
    const text = `${sentence.repeat(16)}\n\n${sentence.repeat(20)}`;
    const [first, second] = chunkText(text, { size: 1_000, overlap: 200 });
    expect(text.slice(first?.start, first?.end)).toBe(sentence.repeat(16).trim());
    expect(text.slice(second?.start, second?.end).startsWith("Seven")).toBe(true);
    expect(text.slice(second?.start, second?.end).endsWith("sentence.")).toBe(true);
  });

  it.each(["sentences", "words alone"])(
    "leaves most chunks as they were when a few words are put in at the start (%s)",
    (kind) => {
      const words = Array.from(
        { length: 6_000 },
        (_, at) => `w${(at * 7_919) % 10_007}${kind === "sentences" && at % 13 === 0 ? "." : ""}`,
      );
      const text = words.join(" ");
      const chunks = (of: string) =>
        chunkText(of, { size: 1_000, overlap: 200 }).map(({ start, end }) => of.slice(start, end));
      const before = new Set(chunks(text));
      const after = chunks(`some new words ${text}`);
      const kept = after.filter((chunk) => before.has(chunk)).length;
      expect(kept / after.length).toBeGreaterThan(0.8);
    },
  );

  it("refuses an overlap that would never get on", () => {
    expect(() => chunkText("abc", { size: 10, overlap: 10 })).toThrow(RangeError);
  });
});
