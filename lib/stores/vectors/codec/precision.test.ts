import { describe, expect, it } from "vitest";
import type { Precision } from "../../../ports/vector-rows.ts";
import { FakeClock } from "../../../testing/fake-clock.ts";
import { TestAccount } from "../../../testing/test-account.ts";
import { RowsInMemory } from "../../../testing/vector-rows-in-memory.ts";
import { VectorStore } from "../store/vector-store.ts";
import { createJavaScriptKernel, createKernel } from "./kernel.ts";

async function openStore(rows = new RowsInMemory(), kernel = createKernel()) {
  const account = new TestAccount(64 * 1_048_576);
  return VectorStore.open({ rows, account, clock: new FakeClock(), kernel, maxHot: 5_000 });
}

function normal(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

describe("float16", () => {
  const points = [
    { id: "one", vector: [60_000, 1, 0] },
    { id: "two", vector: [60_000, 2, -0.5] },
    { id: "half", vector: [65_504, 0.5, 2 ** -24] },
  ];

  it.each(["dot", "cosine", "euclidean"] as const)("gives halves back as they were sent under %s", async (metric) => {
    for (const kernel of [createKernel(), createJavaScriptKernel()]) {
      const store = await openStore(new RowsInMemory(), kernel);
      await store.create("n", "c", { dimensions: 3, metric, precision: "float16" });
      await store.upsert("n", "c", points);
      const found = await store.get("n", "c", ["one", "two", "half"]);
      expect(found.map(({ vector }) => vector)).toEqual(points.map(({ vector }) => vector));
      const request = { vector: [0, 1, 0], k: 3, includeVectors: true };
      const { matches } = await store.search("n", "c", request);
      expect(matches.map(({ vector }) => vector)).toEqual(
        matches.map(({ id }) => points.find((point) => point.id === id)?.vector),
      );
      if (metric === "dot") expect(matches.map(({ score }) => score)).toEqual([2, 1, 0.5]);
      expect((await store.search("n", "c", { ...request, exact: true })).matches).toEqual(matches);
      expect((await store.collection("n", "c")).quantization).toEqual({ meanError: 0, maxError: 0, vectors: 3 });
    }
  });

  it("refuses what is out of its range, pointing at it, and rounds to the nearest even half", async () => {
    const store = await openStore();
    await store.create("n", "c", { dimensions: 2, metric: "dot", precision: "float16" });
    const { refused } = await store.upsert("n", "c", [
      { id: "large", vector: [1, -65_520] },
      { id: "fine", vector: [2_049, 0.1] },
    ]);
    expect(refused).toMatchObject([{ index: 0, code: "unprocessable", pointer: "/vector/1" }]);
    expect((await store.get("n", "c", ["fine"]))[0]?.vector).toEqual([2_048, 0.0999755859375]);
    expect((await store.collection("n", "c")).quantization).toMatchObject({ maxError: 1, vectors: 1 });
    await expect(store.search("n", "c", { vector: [70_000, 0] })).rejects.toMatchObject({
      code: "unprocessable",
      errors: [{ path: "/vector/0" }],
    });
  });
});

describe("a collection of an earlier version", () => {
  it("says int16, and is confirmed by float16, by int16 and by nothing; one made now only by its own name", async () => {
    const rows = new RowsInMemory();
    const shape = { dimensions: 2, metric: "cosine" as const };
    const made = { ...shape, namespace: "n", precision: "int16" as const, createdAtMs: 1 };
    await rows.createCollection({ ...made, name: "old", formerPrecision: "float16" });
    const store = await openStore(rows);
    for (const precision of ["float16", "int16", undefined] as const) {
      const { created, collection } = await store.create("n", "old", { ...shape, precision });
      expect([created, collection.precision]).toEqual([false, "int16"]);
    }
    await expect(store.create("n", "old", { ...shape, precision: "int8" })).rejects.toMatchObject({ code: "conflict" });
    expect((await store.create("n", "new", shape)).collection.precision).toBe("int16");
    await expect(store.create("n", "new", { ...shape, precision: "float16" })).rejects.toMatchObject({
      code: "conflict",
    });
  });
});

describe("quantization", () => {
  it.each(["float32", "float16", "int16", "int8"] as const)(
    "of %s is the mean and the largest difference from what was sent, before and after a restart, removed points included",
    async (precision) => {
      const rows = new RowsInMemory();
      const store = await openStore(rows);
      await store.create("n", "c", { dimensions: 20, metric: "cosine", precision });
      expect((await store.collection("n", "c")).quantization).toEqual({ meanError: null, maxError: null, vectors: 0 });
      const next = normal(5);
      const points = Array.from({ length: 50 }, (_, i) => ({
        id: `p${i}`,
        vector: Array.from({ length: 20 }, () => 30 * next()),
      }));
      await store.upsert("n", "c", points);
      const back = await store.get(
        "n",
        "c",
        points.map(({ id }) => id),
      );
      const differences = back.flatMap(({ id, vector }) =>
        vector.map((value, i) => Math.abs(value - (points[Number(id.slice(1))]?.vector[i] ?? 0))),
      );
      await store.remove("n", "c", ["p0", "p1"]);
      for (const one of [store, await openStore(rows)]) {
        const { meanError, maxError, vectors } = (await one.collection("n", "c")).quantization;
        expect(vectors).toBe(50);
        expect(maxError).toBeCloseTo(Math.max(...differences), 12);
        expect(meanError).toBeCloseTo(differences.reduce((sum, one) => sum + one, 0) / differences.length, 12);
      }
    },
  );
});

describe("recall", () => {
  /** One value dwarfs the others: 8 bits on the vector's own scale keep nothing of these. */
  async function lopsided(precision: Precision, count: number, rows = new RowsInMemory()) {
    const store = await openStore(rows);
    const next = normal(11);
    await store.create("n", "c", { dimensions: 32, metric: "euclidean", precision });
    const points = Array.from({ length: count }, (_, i) => ({
      id: `p${i}`,
      vector: Float32Array.from({ length: 32 }, (_, at) => (at === 0 ? 1_000 : next())),
    }));
    await store.upsert("n", "c", points);
    return { store, points };
  }

  function trueRecall(points: { vector: Float32Array }[], answers: number[][]): number {
    let found = 0;
    for (const [probe, answer] of answers.entries()) {
      const distances = points.map(({ vector }) =>
        vector.reduce((sum, value, at) => sum + (value - (points[probe]?.vector[at] ?? 0)) ** 2, 0),
      );
      distances[probe] = Number.POSITIVE_INFINITY;
      const tenth = [...distances].sort((a, b) => a - b)[9] ?? 0;
      found += answer.filter((at) => (distances[at] ?? 0) <= tenth).length;
    }
    return found / (10 * answers.length);
  }

  it("is measured against what was sent: what int8 loses is told, and what float16 keeps", async () => {
    const { store, points } = await lopsided("int8", 400);
    const answers: number[][] = [];
    for (const [at, { vector }] of points.entries()) {
      const { matches } = await store.search("n", "c", { vector, k: 11 });
      answers.push(
        matches
          .map(({ id }) => Number(id.slice(1)))
          .filter((other) => other !== at)
          .slice(0, 10),
      );
    }
    const report = await store.recall("n", "c", 400);
    expect(report).toMatchObject({ against: "sent", comparedPoints: 400, points: 400, sample: 400 });
    expect(report.recall).toBeCloseTo(trueRecall(points, answers), 2);
    expect(report.recall).toBeLessThan(0.2);
    expect((await (await lopsided("float16", 400)).store.recall("n", "c", 100)).recall).toBeGreaterThan(0.97);
    const exact = await (await lopsided("float32", 400)).store.recall("n", "c", 100);
    expect(exact).toMatchObject({ recall: 1, against: "sent", comparedPoints: 400 });
  });

  it("says that it compares with what is stored where nothing of what was sent is kept", async () => {
    class Forgetting extends RowsInMemory {
      override async sent() {
        return { rows: [], vectors: [] };
      }
    }
    const { store } = await lopsided("int8", 300, new Forgetting());
    expect(await store.recall("n", "c", 20)).toMatchObject({ recall: 1, against: "stored", comparedPoints: 300 });
  });

  it("draws both answers from the sample where only a sample is kept, and says of how many", async () => {
    class Sampling extends RowsInMemory {
      override async sent(...page: Parameters<RowsInMemory["sent"]>) {
        const { rows, vectors } = await super.sent(...page);
        const kept = rows.flatMap((row, at) => (row % 4 === 0 ? [at] : []));
        return { rows: kept.map((at) => rows[at] ?? 0), vectors: kept.flatMap((at) => vectors[at] ?? []) };
      }
    }
    const { store } = await lopsided("float16", 200, new Sampling());
    const report = await store.recall("n", "c", 50);
    expect(report).toMatchObject({ against: "sent", comparedPoints: 50, points: 200, sample: 50 });
    expect(report.recall).toBeGreaterThan(0.95);
  });
});
