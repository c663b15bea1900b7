import { describe, expect, it } from "vitest";
import { FakeClock } from "../../../testing/fake-clock.ts";
import { TestAccount } from "../../../testing/test-account.ts";
import { RowsInMemory } from "../../../testing/vector-rows-in-memory.ts";
import { createKernel } from "../codec/kernel.ts";
import { rowFormat } from "../codec/row-format.ts";
import { BoundedVectors } from "../store/bounded-vectors.ts";
import { VectorStore } from "../store/vector-store.ts";

const MIB = 1_048_576;
/** Beside code and detail: row, handle, scale, error, norm; four links; an index of 16 cells; the payload's head, its id. */
const BESIDE = 24 + 16 + 64 + 10 + 2;

async function openStore(budget: number, maxHot = 5_000) {
  const account = new TestAccount(budget);
  const clock = new FakeClock();
  const store = await VectorStore.open({ rows: new RowsInMemory(), account, clock, kernel: createKernel(), maxHot });
  return { store, account, clock };
}

const vectorOf = (dimensions: number, seed: number) =>
  Float32Array.from({ length: dimensions }, (_, i) => Math.sin(seed * 31 + i));

const vectors = new Map<string, Float32Array>();
const known = (dimensions: number, seed: number) => {
  const key = `${dimensions}/${seed}`;
  const vector = vectors.get(key) ?? vectorOf(dimensions, seed);
  vectors.set(key, vector);
  return vector;
};

async function put(store: VectorStore, at: { namespace: string; name: string }, dimensions: number, count: number) {
  const points = Array.from({ length: count }, (_, i) => ({ id: `p${i}`, vector: known(dimensions, i) }));
  await store.upsert(at.namespace, at.name, points);
}

const SHAPES = [
  { precision: "float32", dimensions: 3 },
  { precision: "float16", dimensions: 3 },
  { precision: "int8", dimensions: 384 },
  { precision: "int16", dimensions: 1_536 },
  { precision: "float32", dimensions: 4_096 },
] as const;

describe.each(SHAPES)("collections of one point of $dimensions dimensions in $precision", (shape) => {
  const { stride, detailBytes } = rowFormat({ ...shape, metric: "cosine" });
  const bytesOf = (count: number) => count * (stride + detailBytes + BESIDE);

  async function fill(count: number) {
    const opened = await openStore(512 * MIB);
    for (let i = 0; i < count; i++) {
      await opened.store.create("n", `c${i}`, { ...shape, metric: "cosine" });
      await put(opened.store, { namespace: "n", name: `c${i}` }, shape.dimensions, 1);
    }
    return opened;
  }

  it("take at most half as much again as they hold, and two blocks", async () => {
    const { store, account } = await fill(600);
    expect(store.memory.hotCount).toBe(600);
    expect(account.grantedBytes).toBeLessThanOrEqual(1.5 * bytesOf(600) + 2 * 131_072);
    const infos = await store.collections("n");
    expect(infos.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(account.grantedBytes);
  });

  it("are found, and take no more than three times that when they had more points once", async () => {
    const { store, account } = await fill(100);
    const grown = shape.dimensions > 384 ? 3 : 40;
    for (let i = 0; i < 100; i++) {
      const at = { namespace: "n", name: `c${i}` };
      await put(store, at, shape.dimensions, grown);
      const others = Array.from({ length: grown - 1 }, (_, n) => `p${n}`);
      await store.remove("n", at.name, others);
    }
    expect(account.grantedBytes).toBeLessThanOrEqual(3 * bytesOf(100) + 3 * MIB);
    const { matches } = await store.search("n", "c99", { vector: vectorOf(shape.dimensions, grown - 1), k: 5 });
    expect(matches.map(({ id }) => id)).toEqual([`p${grown - 1}`]);
  });
});

describe("a namespace beyond its share of memory", () => {
  const shapeOf = (dimensions: number) => ({ dimensions, metric: "cosine" as const, precision: "int8" as const });

  async function crowd(budget: number, dimensions: number, maxHot?: number) {
    const opened = await openStore(budget, maxHot);
    const { store } = opened;
    await store.create("small", "c", shapeOf(dimensions));
    await put(store, { namespace: "small", name: "c" }, dimensions, 100);
    for (let i = 0; i < 200; i++) {
      await store.create("greedy", `c${i}`, shapeOf(dimensions));
      await put(store, { namespace: "greedy", name: `c${i}` }, dimensions, 20);
    }
    return opened;
  }

  it("is pushed to disk first when bytes are short: another's older vectors stay hot, and it goes on writing", async () => {
    const { store, account } = await crowd(6 * MIB, 2_048);
    expect(await store.collection("small", "c")).toMatchObject({ points: 100, hot: 100 });
    await store.create("small", "later", shapeOf(2_048));
    await put(store, { namespace: "small", name: "later" }, 2_048, 300);
    expect(await store.collection("small", "later")).toMatchObject({ points: 300, hot: 300 });
    expect(account.grantedBytes).toBeLessThanOrEqual(6 * MIB);
  });

  it("is pushed out of the hot tier first when places are short", async () => {
    const { store } = await crowd(64 * MIB, 16, 300);
    expect(await store.collection("small", "c")).toMatchObject({ hot: 100 });
    expect(store.memory.hotCount).toBe(300);
  });

  it("gives first when memory is asked back, and what one has not used for ten minutes is nobody's share", async () => {
    const { store, account, clock } = await crowd(64 * MIB, 16);
    const bounded = new BoundedVectors(store, account);
    bounded.resize({ maxItems: 300 });
    expect(await store.collection("small", "c")).toMatchObject({ hot: 100 });
    clock.advance(700_000);
    await put(store, { namespace: "greedy", name: "c0" }, 16, 20);
    bounded.resize({ maxItems: 150 });
    expect(await store.collection("small", "c")).toMatchObject({ hot: 0 });
  });
});

it("relief of 600 small collections frees what it predicts, within 15 %", async () => {
  const { store, account } = await openStore(512 * MIB);
  for (let i = 0; i < 600; i++) {
    await store.create("n", `c${i}`, { dimensions: 384, metric: "cosine", precision: "float32" });
    await put(store, { namespace: "n", name: `c${i}` }, 384, 3 + (i % 5));
  }
  const bounded = new BoundedVectors(store, account);
  for (const kind of ["spill", "evict"] as const) {
    const step = bounded.relief.find((one) => one.kind === kind);
    if (!step) throw new Error(`no step ${kind}`);
    const predicted = step.predict(Number.POSITIVE_INFINITY);
    const before = account.grantedBytes;
    const done = await step.run(Number.POSITIVE_INFINITY, { spent: false, yield: async () => undefined });
    expect(done.freedBytes).toBe(before - account.grantedBytes);
    expect(Math.abs(done.freedBytes - predicted.freedBytes)).toBeLessThanOrEqual(0.15 * predicted.freedBytes);
  }
});
