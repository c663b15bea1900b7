import { afterEach, describe, expect, it, vi } from "vitest";
import type { ParseSpec } from "./job-spec.ts";
import { Pipeline, REJECTS_A_SLICE } from "./pipeline.ts";

const SLICE_BYTES = 256 * 1024;
const NDJSON: ParseSpec = { format: "ndjson", transform: {} };
const JSON_ARRAY: ParseSpec = { format: "json", transform: {} };
const CSV: ParseSpec = { format: "csv", columns: ["a", "b"], transform: {} };
/** Beside what is described, a window may be tried in a few ways before its records are looked at one by one. */
const TRIES = 40;

const BAD: readonly (readonly [name: string, spec: ParseSpec, text: string, records: number])[] = [
  ["lines that are no JSON", NDJSON, "x\n", 1],
  ["lines that are cut", NDJSON, "{\n", 1],
  ["lines that are no UTF-8", NDJSON, "\xff\n", 1],
  ["keys that are repeated", NDJSON, '{"":1,"":1}\n', 1],
  ["lines of every kind by turns", NDJSON, 'x\n\xff\n-0\n{\n1e999\n"\n{"":1,"":1}\n[\n', 8],
  ["numbers that are not kept between lines that are no JSON", NDJSON, "x\n-0\n", 2],
  ["lines that have no fields to select", { ...NDJSON, transform: { select: ["a"] } }, "x\n", 1],
  ["elements that are no JSON", JSON_ARRAY, "x,", 1],
  ["documents that are no JSON", JSON_ARRAY, "{x}\n", 1],
  ["cells that cannot be cast to JSON", { ...CSV, transform: { cast: [["a", "json"]] } }, "x,\n", 1],
  ["rows of too few fields", CSV, "x\n", 1],
];

afterEach(() => vi.restoreAllMocks());

describe("Pipeline", () => {
  it.each([
    [NDJSON, "utf-16le", '"\ud800x"\n1\n'],
    [CSV, "utf-16le", "\udc00,1\n1,2\n"],
    [{ format: "text", by: "line", transform: {} } satisfies ParseSpec, "utf-16le", "\ud800x\nab\n"],
  ] as const)("says of %o that text which is broken is not valid in its own encoding, %s", (spec, encoding, text) => {
    const pipeline = new Pipeline({ ...spec, encoding }, null, false);
    const results = [pipeline.slice(Buffer.from(text, "utf16le")), pipeline.end()];
    expect(results.flatMap(({ rejects }) => rejects)).toMatchObject([
      { code: "invalid-utf8", message: "not valid UTF-16LE" },
    ]);
    const plain = new Pipeline(spec, null, false);
    const rejects = [plain.slice(Buffer.from('"\xff"\n', "latin1")), plain.end()].flatMap((result) => result.rejects);
    expect(rejects).toMatchObject([{ message: "not valid UTF-8" }]);
  });

  it.each(BAD)("counts a slice of %s, and parses in vain only what it describes", (_name, spec, text, records) => {
    const pipeline = new Pipeline(spec, null, false);
    const start = spec === JSON_ARRAY && text.endsWith(",") ? "[" : "";
    const count = Math.floor((SLICE_BYTES - 1) / text.length);
    const bytes = Buffer.from(start + text.repeat(count), "latin1");
    const parse = vi.spyOn(JSON, "parse");
    const { rejected, rejects } = pipeline.slice(bytes);
    // The last document or element may not be over yet; -0 is a record of no target, and is kept.
    expect(rejected).toBeGreaterThanOrEqual(Math.floor((count - 1) * records * 0.5));
    expect(rejects).toHaveLength(REJECTS_A_SLICE);
    const failed = parse.mock.results.filter(({ type }) => type === "throw").length;
    expect(failed).toBeLessThanOrEqual(REJECTS_A_SLICE + TRIES);

    pipeline.enoughRejects();
    parse.mockClear();
    const again = pipeline.slice(bytes.subarray(start.length));
    expect(again.rejected).toBeGreaterThanOrEqual(rejected - 1);
    expect(again.rejects).toEqual([]);
    expect(parse.mock.results.filter(({ type }) => type === "throw").length).toBeLessThanOrEqual(TRIES);
  });

  it("hands a store objects alone, which is all that any store takes", () => {
    const bytes = Buffer.from('{"a":1}\n1\n[1]\n"x"\nnull\n12345678901234567890\n{"a":2}\n');
    const { out, rejects, rejected } = new Pipeline(NDJSON, null, true).slice(bytes);
    expect(out?.records).toEqual([{ a: 1 }, { a: 2 }]);
    expect(rejects.map(({ line, code }) => [line, code])).toEqual(
      [2, 3, 4, 5, 6].map((line) => [line, "validation-failed"]),
    );
    expect(rejected).toBe(5);
    // Without a store they are counted, whatever they are.
    expect(new Pipeline(NDJSON, null, false).slice(bytes)).toMatchObject({ records: 7, rejected: 0 });
  });
});
