// Searches side by side, in interleaved rounds of one process: CPU per query (median and spread of the rounds), p50 and p99 of all queries,
// recall@10, and the replacements that an index which is built already takes in a second of CPU.
// node --import tsx bench/vectors/run.ts [COUNT] [ROUNDS] [all] [real]
// `real`: windows of the corpora in ../shared/data, embedded once (some 10 ms each), asked the corpora's questions.
import { exactTen, syntheticCorpus } from "./data.ts";
import { PEERS, type Searcher } from "./peers.ts";
import { realCorpus } from "./real-corpus.ts";

const count = Number(process.argv[2] ?? 5_000);
const rounds = Number(process.argv[3] ?? 9);
const everyone = process.argv.includes("all");
const perRound = count > 100_000 ? 4 : count > 10_000 ? 20 : 60;
const real = process.argv.includes("real");
const corpus = real ? await realCorpus(count, perRound) : syntheticCorpus(count, 384, perRound);
if (!corpus) throw new Error("../shared/data/corpora is not there");
const names = Object.keys(PEERS).filter((name) => everyone || name === "headroom" || name === "usearch exact int8");
const truth = corpus.queries.slice(0, 20).map((query) => new Set(exactTen(corpus, query)));

const searchers = new Map<string, Searcher>();
for (const name of names) {
  const build = PEERS[name];
  const started = performance.now();
  if (build) searchers.set(name, await build(corpus));
  const rate = Math.round(count / ((performance.now() - started) / 1000));
  // Enough for V8 to have compiled what it will compile.
  for (let i = 0; i < (everyone || count > 10_000 ? 60 : 600); i++) {
    await searchers.get(name)?.search(corpus.queries[i % perRound] ?? new Float32Array(384));
  }
  console.log(`${name}: built at ${rate} vectors/s`);
}

const cpu = new Map<string, number[]>(names.map((name) => [name, []]));
const wall = new Map<string, number[]>(names.map((name) => [name, []]));
const recall = new Map<string, number>();
for (let round = 0; round < rounds; round++) {
  for (const [name, searcher] of searchers) {
    const slow = name === "naive objects" || name.startsWith("simsimd");
    const queries = slow ? corpus.queries.slice(0, 4) : corpus.queries;
    const startedCpu = process.cpuUsage();
    for (const query of queries) {
      const started = performance.now();
      await searcher.search(query);
      wall.get(name)?.push((performance.now() - started) * 1_000);
    }
    const used = process.cpuUsage(startedCpu);
    cpu.get(name)?.push((used.user + used.system) / queries.length);
  }
}
for (const [name, searcher] of searchers) {
  let found = 0;
  for (const [i, wanted] of truth.entries()) {
    const query = corpus.queries[i];
    if (query) found += (await searcher.search(query)).filter((id) => wanted.has(id)).length;
  }
  recall.set(name, found / (10 * truth.length));
}

const replaced = new Map<string, number>();
for (const [name, searcher] of searchers) {
  if (!searcher.replace) continue;
  const ids = Array.from({ length: 20_000 }, (_, i) => i % count);
  const rates: number[] = [];
  for (let round = 0; round < (name === "headroom" ? 7 : 1); round++) {
    const started = process.cpuUsage();
    await searcher.replace(ids, corpus);
    const used = process.cpuUsage(started);
    rates.push(Math.round((ids.length / (used.user + used.system)) * 1e6));
  }
  replaced.set(name, at(rates, 0.5));
}

function at(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
const median = (values: readonly number[]) => at(values, 0.5);
const reference = median(cpu.get("usearch exact int8") ?? []);
console.log(
  `\n${count} x 384 ${real ? "real" : "synthetic"}, cosine, k 10; ${rounds} interleaved rounds of ${perRound} queries`,
);
for (const name of names) {
  const used = cpu.get(name) ?? [];
  const ratio = (median(used) / reference).toFixed(2);
  const spread = `${Math.min(...used).toFixed(0)}–${Math.max(...used).toFixed(0)}`;
  const times = wall.get(name) ?? [];
  const rate = replaced.get(name);
  console.log(
    `${name}: CPU ${median(used).toFixed(0)} µs (${spread}), ${ratio} x usearch exact int8; ` +
      `p50 ${median(times).toFixed(0)} µs, p99 ${at(times, 0.99).toFixed(0)} µs; recall@10 ${recall.get(name)}` +
      (rate === undefined ? "" : `; ${rate} replacements per second of CPU`),
  );
}
