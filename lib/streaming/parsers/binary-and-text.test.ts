import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Parser, ParserState, RecordReceiver, Reject } from "./parser.ts";
import { TextParser } from "./text.ts";
import { type VectorFormat, VectorParser } from "./vectors.ts";

function run(make: (receiver: RecordReceiver) => Parser, bytes: Buffer, cuts: readonly number[] = []) {
  const records: unknown[] = [];
  const rejects: Reject[] = [];
  const parser = make({
    block: (block) => records.push(...block.records),
    describes: () => true,
    reject: (describe) => rejects.push(describe()),
  });
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < edges.length; i++) parser.push(bytes.subarray(edges[i - 1], edges[i]));
  const state: ParserState = parser.state;
  parser.end();
  return { records, rejects, fault: parser.fault, state };
}

function encode(format: VectorFormat, vectors: readonly (readonly number[])[]): Buffer {
  const parts = vectors.map((vector) => {
    const head = Buffer.alloc(format === "f32" ? 0 : 4);
    if (format !== "f32") head.writeInt32LE(vector.length);
    const body = format === "bvecs" ? Buffer.from(vector) : Buffer.from(new Float32Array(vector).buffer);
    return Buffer.concat([head, body]);
  });
  return Buffer.concat(parts);
}

describe("VectorParser", () => {
  it("gives the vectors that were written, at any cuts, in each format", () => {
    const vectors = fc
      .integer({ min: 1, max: 9 })
      .chain((d) => fc.array(fc.array(fc.nat(255), { minLength: d, maxLength: d }), { minLength: 1, maxLength: 20 }));
    fc.assert(
      fc.property(
        vectors,
        fc.constantFrom<VectorFormat>("fvecs", "bvecs", "f32"),
        fc.array(fc.nat(400), { maxLength: 8 }),
        (rows, format, cuts) => {
          const bytes = encode(format, rows);
          const dimensions = rows[0]?.length ?? 1;
          const outcome = run(
            (receiver) => new VectorParser({ receiver, format, ...(format === "f32" ? { dimensions } : {}) }),
            bytes,
            cuts.filter((cut) => cut < bytes.length),
          );
          expect(outcome.fault).toBeNull();
          expect(outcome.records.map((record) => Array.from(Object(record).vector))).toEqual(rows);
          expect(outcome.state.offset).toBe(bytes.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("refuses a vector with NaN or Infinity alone, and the torn one at the end", () => {
    const bytes = encode("fvecs", [
      [1, 2],
      [Number.NaN, 1],
      [3, Number.POSITIVE_INFINITY],
      [5, 6],
    ]);
    const outcome = run(
      (receiver) => new VectorParser({ receiver, format: "fvecs" }),
      Buffer.concat([bytes, bytes.subarray(0, 7)]),
      [5, 30],
    );
    expect(outcome.records.map((record) => Object(record).id)).toEqual(["1", "4"]);
    expect(outcome.rejects.map(({ line, offset, code }) => [line, offset, code])).toEqual([
      [2, 12, "number-not-finite"],
      [3, 24, "number-not-finite"],
      [5, 48, "malformed-vector"],
    ]);
  });

  it("faults where the dimensions change, or cannot be", () => {
    const bytes = encode("fvecs", [
      [1, 2],
      [1, 2],
      [1, 2, 3],
    ]);
    expect(run((receiver) => new VectorParser({ receiver, format: "fvecs" }), bytes).fault).toMatchObject({
      code: "vector-shape",
      offset: 24,
      line: 3,
    });
    expect(
      run((receiver) => new VectorParser({ receiver, format: "fvecs" }), Buffer.from('{"a": 1}')).fault,
    ).toMatchObject({ code: "vector-shape", offset: 0 });
  });
});

describe("TextParser", () => {
  const pieces = fc.array(fc.constantFrom("\n", "\r\n", " ", "a", "bc d", "é", "\t"), { maxLength: 40 });

  it("gives the lines that are not blank, with their numbers, at any cuts", () => {
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(80), { maxLength: 5 }), (parts, cuts) => {
        const bytes = Buffer.from(parts.join(""));
        const outcome = run(
          (receiver) => new TextParser({ receiver, by: "line" }),
          bytes,
          cuts.filter((cut) => cut < bytes.length),
        );
        const expected = parts
          .join("")
          .split("\n")
          .map((line, index, all) => ({
            id: String(index + 1),
            text: index < all.length - 1 ? line.replace(/\r$/, "") : line,
          }))
          .filter((line) => line.text.trim() !== "");
        expect(outcome.records).toEqual(expected);
      }),
    );
  });

  it("gives paragraphs, parted by blank lines, at any cuts", () => {
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(80), { maxLength: 5 }), (parts, cuts) => {
        const bytes = Buffer.from(parts.join(""));
        const outcome = run(
          (receiver) => new TextParser({ receiver, by: "paragraph" }),
          bytes,
          cuts.filter((cut) => cut < bytes.length),
        );
        const expected = parts
          .join("")
          .split(/\n[ \t\r]*(?=\n)/)
          .map((text) => text.trim())
          .filter((text) => text !== "");
        expect(outcome.records.map((record) => Object(record).text)).toEqual(expected);
      }),
    );
  });

  it("refuses a line over the bound and one that is not UTF-8, and gives the next", () => {
    const bytes = Buffer.concat([Buffer.from(`${"x".repeat(300)}\n`), Buffer.from([0xff, 10]), Buffer.from("ok")]);
    const outcome = run(
      (receiver) => new TextParser({ receiver, by: "line", maxRecordBytes: 100 }),
      bytes,
      [50, 150, 299],
    );
    expect(outcome.records).toEqual([{ id: "3", text: "ok" }]);
    expect(outcome.rejects.map(({ line, offset, code }) => [line, offset, code])).toEqual([
      [1, 0, "record-too-large"],
      [2, 301, "invalid-utf8"],
    ]);
  });
});
