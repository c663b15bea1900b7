import { describe, expect, it } from "vitest";
import type { Clock } from "../../../shared/clock.ts";
import { parseFilter } from "../../../shared/filter.ts";
import { TestAccount } from "../../../testing/test-account.ts";
import { RowsInMemory } from "../../../testing/vector-rows-in-memory.ts";
import { createJavaScriptKernel } from "../codec/kernel.ts";
import { VectorStore } from "./vector-store.ts";

/** Each look at it finds the window of the event loop used up, so that a search yields after every step. */
function restlessClock(): Clock {
  let nowMs = 0;
  const end = () => undefined;
  return {
    nowMs: () => 0,
    monotonicMs: () => {
      nowMs += 5;
      return nowMs;
    },
    every: () => end,
    after: () => end,
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function openStore(dimensions: number) {
  const account = new TestAccount(2 ** 30);
  const rows = new RowsInMemory();
  const clock = restlessClock();
  const store = await VectorStore.open({ rows, account, clock, kernel: createJavaScriptKernel(), maxHot: 5_000 });
  await store.create("n", "c", { dimensions, metric: "cosine", precision: "float32" });
  return store;
}

const A = { id: "a", vector: Float32Array.of(1, 0, 0), metadata: { of: 1 } };
const B = { id: "b", vector: Float32Array.of(0, 1, 0), metadata: { of: 1 } };

describe("a search while codes leave memory", () => {
  it.each([1, 2, 3])("finds a point whose codes come back behind it, after %d turns", async (turns) => {
    const store = await openStore(3);
    await store.upsert("n", "c", [A, B]);
    store.memory.shedBlock();
    await store.upsert("n", "c", [A]);
    const search = store.search("n", "c", { vector: B.vector, k: 2 });
    for (let at = 0; at < turns; at++) await turn();
    await store.upsert("n", "c", [B]);
    expect((await search).matches.map(({ id }) => id)).toEqual(["b", "a"]);
  });

  it("goes on on disk when they leave it under a filter", async () => {
    const store = await openStore(3);
    await store.upsert("n", "c", [A, B]);
    const search = store.search("n", "c", { vector: B.vector, k: 2, filter: parseFilter({ of: 1 }) });
    await turn();
    store.memory.shedBlock();
    expect((await search).matches.map(({ id }) => id)).toEqual(["b", "a"]);
  });

  it.each([2, 3, 4])("counts a point once that leaves and comes back, after %d turns", async (turns) => {
    const dimensions = 512;
    const at = (angle: number) => {
      const vector = new Float32Array(dimensions);
      vector.set([Math.cos(angle), Math.sin(angle)]);
      return vector;
    };
    const best = { id: "best", vector: at(0.1), metadata: {} };
    const points = Array.from({ length: 1_200 }, (_, i) => ({ id: `p${i}`, vector: at(1 + i / 2_000), metadata: {} }));
    points[0] = best;
    points[700] = { id: "second", vector: at(0.3), metadata: {} };
    const store = await openStore(dimensions);
    await store.upsert("n", "c", points);
    const search = store.search("n", "c", { vector: at(0), k: 2 });
    for (let count = 0; count < turns; count++) await turn();
    store.memory.shedBlock();
    await store.upsert("n", "c", [best]);
    expect((await search).matches.map(({ id }) => id)).toEqual(["best", "second"]);
  });
});

describe("a search while the best points are removed", () => {
  const dimensions = 512;
  const at = (angle: number) => {
    const vector = new Float32Array(dimensions);
    vector.set([Math.cos(angle), Math.sin(angle)]);
    return vector;
  };
  const points = Array.from({ length: 1_200 }, (_, i) => ({ id: `p${i}`, vector: at(i / 2_000), metadata: {} }));

  it.each([1, 2, 3, 4])("finds those that come after them, after %d turns", async (turns) => {
    const store = await openStore(dimensions);
    await store.upsert("n", "c", points);
    const search = store.search("n", "c", { vector: at(0), k: 10 });
    for (let count = 0; count < turns; count++) await turn();
    const best = points.slice(0, 500).map(({ id }) => id);
    await store.remove("n", "c", best);
    const found = (await search).matches.map(({ id }) => id);
    expect(found).toHaveLength(10);
    // Each point that stayed is in the answer, or ten better ones are.
    const last = Math.max(...found.map((id) => Number(id.slice(1))));
    for (let i = 500; i < last; i++) expect(found).toContain(`p${i}`);
  });
});
