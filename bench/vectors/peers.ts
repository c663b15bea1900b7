import { GIB } from "../../lib/shared/bytes.ts";
import { systemClock } from "../../lib/shared/clock.ts";
import { createKernel } from "../../lib/stores/vectors/codec/kernel.ts";
import { VectorStore } from "../../lib/stores/vectors/store/vector-store.ts";
import { TestAccount } from "../../lib/testing/test-account.ts";
import type { RowsInMemory } from "../../lib/testing/vector-rows-in-memory.ts";
import type { Corpus } from "./data.ts";
import { ForgetfulRows } from "./forgetful-rows.ts";

export interface Searcher {
  /** Ids of the ten nearest. */
  search(query: Float32Array): Promise<number[]> | number[];
  /** Replaces a vector, where the peer can. */
  replace?(ids: readonly number[], corpus: Corpus): Promise<void> | void;
}

export type Build = (corpus: Corpus) => Promise<Searcher>;

const slice = ({ vectors, dimensions }: Corpus, id: number) => vectors.subarray(id * dimensions, (id + 1) * dimensions);
/** The corpus' largest value becomes 127: cosine does not mind the scale, and nothing is clipped. */
const int8Of = ({ vectors }: Corpus) => {
  const largest = vectors.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return (values: Float32Array) => {
    // A loop: `Int8Array.from` with a function first makes an array of all values, which 500,000 vectors do not survive.
    const codes = new Int8Array(values.length);
    for (let i = 0; i < codes.length; i++)
      codes[i] = Math.max(-127, Math.min(127, Math.round(((values[i] ?? 0) * 127) / largest)));
    return codes;
  };
};

async function buildHeadroom(corpus: Corpus, rows: RowsInMemory | ForgetfulRows): Promise<Searcher> {
  const account = new TestAccount(4 * GIB);
  const maxHot = corpus.count;
  const store = await VectorStore.open({ rows, account, clock: systemClock, kernel: createKernel(), maxHot });
  await store.create("bench", "c", { dimensions: corpus.dimensions, metric: "cosine" });
  const put = async (ids: readonly number[], of: Corpus) => {
    for (let from = 0; from < ids.length; from += 1_000) {
      const points = ids.slice(from, from + 1_000).map((id) => ({ id: `v${id}`, vector: slice(of, id) }));
      await store.upsert("bench", "c", points);
    }
  };
  await put(
    Array.from({ length: corpus.count }, (_, id) => id),
    corpus,
  );
  return {
    async search(query) {
      const { matches } = await store.search("bench", "c", { vector: query, k: 10 });
      return matches.map(({ id }) => Number(id.slice(1)));
    },
    replace: put,
  };
}

async function buildUsearchExact(corpus: Corpus): Promise<Searcher> {
  const { exactSearch, MetricKind } = (await import("usearch")).default;
  const toInt8 = int8Of(corpus);
  const data = toInt8(corpus.vectors);
  return {
    search: (query) => Array.from(exactSearch(data, toInt8(query), corpus.dimensions, 10, MetricKind.Cos).keys, Number),
  };
}

async function buildUsearchGraph(corpus: Corpus): Promise<Searcher> {
  const { Index, MetricKind, ScalarKind } = (await import("usearch")).default;
  const index = new Index({
    metric: MetricKind.Cos,
    dimensions: corpus.dimensions,
    quantization: ScalarKind.F16,
    connectivity: 16,
  } as never);
  for (let id = 0; id < corpus.count; id++) index.add(BigInt(id), slice(corpus, id));
  return {
    search: (query) => Array.from(index.search(query, 10, 1).keys, Number),
    replace(ids, of) {
      for (const id of ids) {
        index.remove(BigInt(id));
        index.add(BigInt(id), slice(of, id));
      }
    },
  };
}

async function buildSimsimd(corpus: Corpus): Promise<Searcher> {
  const { default: simsimd } = await import("simsimd");
  const toInt8 = int8Of(corpus);
  const stored = Array.from({ length: corpus.count }, (_, id) => toInt8(slice(corpus, id)));
  return {
    search(query) {
      const asked = toInt8(query);
      return tenSmallest(stored.map((vector) => simsimd.cosine(asked, vector)));
    },
  };
}

/** What the report's system did: an object for each vector, with its numbers in a list. */
async function buildNaive(corpus: Corpus): Promise<Searcher> {
  const stored = Array.from({ length: corpus.count }, (_, id) => ({
    id: `v${id}`,
    vector: Array.from(slice(corpus, id)),
  }));
  return {
    search: (query) =>
      tenSmallest(stored.map(({ vector }) => -vector.reduce((sum, value, i) => sum + value * (query[i] ?? 0), 0))),
  };
}

function tenSmallest(distances: number[]): number[] {
  const best: number[] = [];
  for (const [id, distance] of distances.entries()) {
    if (best.length === 10 && distance >= (distances[best[9] ?? 0] ?? 0)) continue;
    best.push(id);
    best.sort((a, b) => (distances[a] ?? 0) - (distances[b] ?? 0));
    best.length = Math.min(best.length, 10);
  }
  return best;
}

export const PEERS: Readonly<Record<string, Build>> = {
  headroom: (corpus) => buildHeadroom(corpus, new ForgetfulRows()),
  "usearch exact int8": buildUsearchExact,
  "usearch HNSW float16": buildUsearchGraph,
  "simsimd int8, a call a vector": buildSimsimd,
  "naive objects": buildNaive,
};
