import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Metric, Precision } from "../../../ports/vector-rows.ts";
import { parseFilter } from "../../../shared/filter.ts";
import { FakeClock } from "../../../testing/fake-clock.ts";
import { TestAccount } from "../../../testing/test-account.ts";
import { RowsInMemory } from "../../../testing/vector-rows-in-memory.ts";
import { createJavaScriptKernel, createKernel } from "../codec/kernel.ts";
import { VectorStore } from "./vector-store.ts";

type Model = Map<string, { vector: Float32Array; group: number }>;

/** How far a stored vector may lie from its original, of its length. */
const ERROR = { float32: 1e-6, float16: 5e-4, int16: 5e-4, int8: 0.03 } as const;

function trueScore(metric: Metric, query: ArrayLike<number>, vector: ArrayLike<number>): number {
  let dot = 0;
  let squares = 0;
  let lengthOfQuery = 0;
  let lengthOfVector = 0;
  for (let i = 0; i < query.length; i++) {
    const [a, b] = [query[i] ?? 0, vector[i] ?? 0];
    dot += a * b;
    squares += (a - b) ** 2;
    lengthOfQuery += a * a;
    lengthOfVector += b * b;
  }
  if (metric === "dot") return dot;
  return metric === "euclidean" ? -Math.sqrt(squares) : dot / Math.sqrt(lengthOfQuery * lengthOfVector);
}

function length(vector: ArrayLike<number>): number {
  return Math.sqrt(Array.from(vector).reduce((sum, x) => sum + x * x, 0));
}

/** The score error that the stored precision allows. */
function tolerance(metric: Metric, precision: Precision, query: ArrayLike<number>, vector: ArrayLike<number>): number {
  const error = ERROR[precision];
  if (metric === "cosine") return error * 1.5;
  if (metric === "dot") return error * length(query) * length(vector) + 1e-9;
  return error * length(vector) + 1e-5;
}

/** So many that a block holds some sixty vectors, and a run crosses blocks. */
const DIMENSIONS = 1_999;

/** The same seed gives the same vector: equal vectors under several ids are as likely as in life. */
function vectorOf(seed: number): Float32Array {
  let state = seed * 2_654_435_761;
  return Float32Array.from({ length: DIMENSIONS }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >> 8) / 2 ** 22;
  });
}
const vector = fc.integer({ min: 1, max: 300 }).map(vectorOf);
const id = fc.integer({ min: 0, max: 200 }).map((value) => `p${value}`);
const point = fc.record({ id, vector, group: fc.integer({ min: 0, max: 2 }) });

const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("upsert" as const),
      points: fc.array(point, { minLength: 1, maxLength: 90 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("remove" as const), ids: fc.array(id, { minLength: 1, maxLength: 40 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("regroup" as const), id, group: fc.integer({ min: 0, max: 2 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("search" as const),
      vector,
      k: fc.integer({ min: 1, max: 15 }),
      exact: fc.boolean(),
      group: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("evict" as const), count: fc.integer({ min: 1, max: 80 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("shed" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
);

const cases = (["cosine", "dot", "euclidean"] as const).flatMap((metric) =>
  (["float32", "float16", "int16", "int8"] as const).map((precision) => ({ metric, precision })),
);
/** Room for nothing, for codes but few details, and for all. */
const budgets = [0, 3 * 131_072 + 65_536 + 1_024, 5 * 131_072 + 65_536 + 2_048, 64 * 1_048_576];

describe.each(cases)("the vector store under $metric with $precision", ({ metric, precision }) => {
  it("answers as a naive float32 array does after any upserts, removals, evictions and restarts, within its bounds", async () => {
    const plan = fc.record({
      operations: fc.array(operation, { minLength: 1, maxLength: 30 }),
      maxHot: fc.constantFrom(0, 3, 70, 1_000),
      budget: fc.constantFrom(...budgets),
      wasm: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ operations, maxHot, budget, wasm }) => {
        const rows = new RowsInMemory();
        const model: Model = new Map();
        const open = async () => {
          const account = new TestAccount(budget);
          const kernel = wasm ? createKernel() : createJavaScriptKernel();
          return { account, store: await VectorStore.open({ rows, account, clock: new FakeClock(), kernel, maxHot }) };
        };
        let { account, store } = await open();
        await store.create("default", "c", { dimensions: DIMENSIONS, metric, precision });
        for (const step of operations) {
          if (step.kind === "upsert") {
            const points = step.points.map((p) => ({ id: p.id, vector: p.vector, metadata: { group: p.group } }));
            await store.upsert("default", "c", points);
            for (const p of step.points) model.set(p.id, { vector: Float32Array.from(p.vector), group: p.group });
          } else if (step.kind === "remove") {
            const present = new Set(step.ids.filter((one) => model.has(one)));
            expect(await store.remove("default", "c", step.ids)).toBe(present.size);
            for (const one of step.ids) model.delete(one);
          } else if (step.kind === "regroup") {
            const known = model.get(step.id);
            const change = store.changeMetadata("default", "c", step.id, () => ({ group: step.group }));
            if (known === undefined) await expect(change).rejects.toMatchObject({ code: "not-found" });
            else {
              expect((await change).metadata).toEqual({ group: step.group });
              model.set(step.id, { vector: known.vector, group: step.group });
            }
          } else if (step.kind === "evict") store.memory.coolMany(step.count);
          else if (step.kind === "shed") store.memory.shedBlock();
          else if (step.kind === "restart") {
            ({ account, store } = await open());
          } else {
            const { k, exact, group } = step;
            const filter = group === undefined ? undefined : parseFilter({ group });
            const { matches, tier } = await store.search("default", "c", { vector: step.vector, k, exact, filter });
            // The bounds that prune a scan must not change an answer, nor may the tier that a vector is in.
            const other = await store.search("default", "c", { vector: step.vector, k, exact: !exact, filter });
            expect(other.matches).toEqual(matches);
            expect(tier.hot + tier.cold).toBe(model.size);
            const kept = [...model].filter(([, entry]) => group === undefined || entry.group === group);
            const scores = kept.map(([, entry]) => trueScore(metric, step.vector, entry.vector)).sort((a, b) => b - a);
            expect(matches.length).toBe(Math.min(k, kept.length));
            for (const [place, match] of matches.entries()) {
              const entry = model.get(match.id);
              if (!entry) throw new Error(`${match.id} is not in the store`);
              const slack = tolerance(metric, precision, step.vector, entry.vector);
              const loosest = Math.max(...kept.map(([, one]) => tolerance(metric, precision, step.vector, one.vector)));
              expect(Math.abs(match.score - trueScore(metric, step.vector, entry.vector))).toBeLessThanOrEqual(slack);
              expect(match.score).toBeGreaterThanOrEqual((scores[place] ?? 0) - loosest);
              const before = matches[place - 1];
              if (before)
                expect(before.score > match.score || (before.score === match.score && before.id < match.id)).toBe(true);
            }
          }
          expect((await store.collection("default", "c")).points).toBe(model.size);
          expect(store.memory.hotCount).toBeLessThanOrEqual(maxHot);
          expect(store.memory.bytes).toBe(account.grantedBytes);
          expect(account.grantedBytes).toBeLessThanOrEqual(budget);
        }
      }),
      { numRuns: 40 },
    );
  });
});
