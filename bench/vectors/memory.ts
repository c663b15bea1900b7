// One implementation in a fresh process: RSS per vector, and its growth when half is replaced six times.
// node --expose-gc --import tsx bench/vectors/memory.ts NAME COUNT
import { syntheticCorpus } from "./data.ts";
import { PEERS } from "./peers.ts";

const [name = "headroom", size = "5000"] = process.argv.slice(2);
const count = Number(size);
const build = PEERS[name];
if (!build) throw new Error(`no peer ${name}`);

function settledRss(): number {
  for (let i = 0; i < 4; i++) globalThis.gc?.();
  return process.memoryUsage.rss();
}

// Warm the code and V8's young generation on a small corpus first, so that the growth measured is the data's.
const small = syntheticCorpus(3_000, 384, 50);
const warm = await build(small);
for (let round = 0; round < 6; round++) {
  for (const query of small.queries) await warm.search(query);
  // As many replacements a round as will be measured.
  await warm.replace?.(
    Array.from({ length: Math.max(3_000, count / 2) }, (_, i) => i % 3_000),
    small,
  );
}
const corpus = syntheticCorpus(count, 384, 20);
const other = syntheticCorpus(count, 384, 1);
const before = settledRss();
const searcher = await build(corpus);
for (const query of corpus.queries) await searcher.search(query);
const held = settledRss() - before;
const growth: number[] = [];
if (searcher.replace) {
  for (let round = 0; round < 6; round++) {
    const ids = Array.from({ length: count / 2 }, (_, i) => 2 * i + (round % 2));
    await searcher.replace(ids, round % 2 === 0 ? other : corpus);
    growth.push((settledRss() - before) / held - 1);
  }
}
console.log(
  JSON.stringify({
    bytesPerVector: Math.round(held / count),
    bytesPerDimension: Number((held / count / 384).toFixed(3)),
    growthAfterSixHalfReplacements: growth.length > 0 ? Number((growth.at(-1) ?? 0).toFixed(3)) : null,
  }),
);
