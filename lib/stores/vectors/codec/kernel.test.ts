import { describe, expect, it } from "vitest";
import { TestAccount } from "../../../testing/test-account.ts";
import { BlockArena } from "../tiers/block-arena.ts";
import { Finds, scanBlocks } from "../tiers/block-scan.ts";
import { CollectionCodes } from "../tiers/collection-codes.ts";
import { BLOCK_BYTES } from "../tiers/slab.ts";
import { createJavaScriptKernel, createWasmKernel, type Kernel } from "./kernel.ts";
import { Query } from "./query.ts";
import { RowBatch } from "./row-codec.ts";
import { rowFormat } from "./row-format.ts";

function normal(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

function wasm(): Kernel {
  const kernel = createWasmKernel();
  if (!kernel) throw new Error("no WebAssembly SIMD in this engine");
  return kernel;
}

function scanAll(plane: CollectionCodes, query: Query, threshold: number) {
  const finds = new Finds();
  const all: { slot: number; lower: number; upper: number }[] = [];
  for (let block = 0; block < plane.blocks; ) {
    block += scanBlocks(plane, block, query, threshold, finds);
    for (let i = 0; i < finds.count; i++) {
      all.push({ slot: finds.slots[i] ?? -1, lower: finds.lowers[i] ?? 0, upper: finds.uppers[i] ?? 0 });
    }
  }
  return all;
}

const shapes = (["cosine", "dot", "euclidean"] as const).flatMap((metric) =>
  (["float32", "float16", "int16", "int8"] as const).flatMap((precision) =>
    [1, 3, 16, 21, 384, 4_096].map((dimensions) => ({ metric, precision, dimensions })),
  ),
);

describe.each([wasm(), createJavaScriptKernel()])("the $name kernel", (kernel) => {
  it.each(shapes)("bounds the rank of every vector: $metric, $precision, $dimensions dimensions", (shape) => {
    const next = normal(shape.dimensions);
    const format = rowFormat(shape);
    const count = 50;
    const batch = new RowBatch(format, count);
    const plane = new CollectionCodes(new BlockArena(new TestAccount(1 << 26), kernel), format);
    for (let i = 0; i < count; i++) {
      // Lengths over six decades, one sparse vector in five, one with a value that dwarfs the others.
      const length = 10 ** ((i % 7) - 3);
      const vector = Float64Array.from({ length: shape.dimensions }, () => (i % 5 === 1 ? 0 : next() * length));
      vector[i % shape.dimensions] = next() * length * (i % 3 === 0 ? 50 : 1) || 1;
      batch.encode(i, vector);
      expect(plane.reserve()).toBe(true);
      plane.write(plane.append(), i + 1, batch, i);
    }
    for (let q = 0; q < 4; q++) {
      const query = new Query(
        format,
        Float64Array.from({ length: shape.dimensions }, () => next() * 10 ** (q - 1)),
      );
      const seen = new Set<number>();
      for (const { slot, lower, upper } of scanAll(plane, query, Number.NEGATIVE_INFINITY)) {
        seen.add(slot);
        const rank = batch.rank(slot, query);
        expect(lower).toBeLessThanOrEqual(rank);
        expect(upper).toBeGreaterThanOrEqual(rank);
      }
      expect(seen.size).toBe(count);
    }
  });
});

it("both kernels find the same rows at the same threshold, to float32's last digits", () => {
  const format = rowFormat({ dimensions: 100, metric: "cosine", precision: "float16" });
  const next = normal(5);
  const vectors = Array.from({ length: 1_500 }, () => Float64Array.from({ length: 100 }, next));
  const query = new Query(format, Float64Array.from({ length: 100 }, next));
  const found = [wasm(), createJavaScriptKernel()].map((kernel) => {
    const batch = new RowBatch(format, vectors.length);
    const plane = new CollectionCodes(new BlockArena(new TestAccount(1 << 26), kernel), format);
    for (const [i, vector] of vectors.entries()) {
      batch.encode(i, vector);
      plane.reserve();
      plane.write(plane.append(), i + 1, batch, i);
    }
    return new Map(scanAll(plane, query, 0.1).map(({ slot, lower, upper }) => [slot, (lower + upper) / 2]));
  });
  const [first, second] = found;
  expect(first?.size).toBeGreaterThan(50);
  for (const [slot, score] of first ?? []) {
    // A row on the very threshold may fall to either side.
    if (Math.abs(score - 0.1) > 0.1) expect(second?.get(slot)).toBeCloseTo(score, 5);
  }
});

it.each([wasm(), createJavaScriptKernel()])("the $name kernel finds each row once, however blocks lie", (kernel) => {
  const format = rowFormat({ dimensions: 384, metric: "dot", precision: "int8" });
  const arena = new BlockArena(new TestAccount(1 << 26), kernel);
  const plane = new CollectionCodes(arena, format);
  const count = plane.rowsPerBlock * 22 + 5;
  const next = normal(7);
  const batch = new RowBatch(format, 1);
  const values: number[] = [];
  for (let i = 0; i < count; i++) {
    // Blocks of others in between, so that four, two and one of the plane's own follow one another in a slab.
    if (i % (plane.rowsPerBlock * 5) === 0) arena.allocate(BLOCK_BYTES);
    const vector = new Float64Array(384);
    vector[i % 384] = next();
    values.push(vector[i % 384] ?? 0);
    batch.encode(0, vector);
    plane.reserve();
    plane.write(plane.append(), i + 1, batch, 0);
  }
  const query = new Query(format, new Float64Array(384).fill(1));
  const found = scanAll(plane, query, -1e6).sort((a, b) => a.slot - b.slot);
  expect(found.map(({ slot }) => slot)).toEqual(values.map((_, slot) => slot));
  for (const { slot, lower, upper } of found) {
    expect(lower).toBeLessThanOrEqual(values[slot] ?? 0);
    expect(upper).toBeGreaterThanOrEqual(values[slot] ?? 0);
  }
});
