// Searches side by side, in interleaved rounds of one process: CPU and wall time per query (median and spread), recall@10.
// node --import tsx bench/vectors/run.ts [COUNT] [ROUNDS] [all]
import { exactTen, syntheticCorpus } from "./data.ts";
import { PEERS, type Searcher } from "./peers.ts";

const count = Number(process.argv[2] ?? 5_000);
const rounds = Number(process.argv[3] ?? 9);
const everyone = process.argv.includes("all");
const perRound = count > 100_000 ? 4 : count > 10_000 ? 20 : 60;
const corpus = syntheticCorpus(count, 384, perRound);
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
    const started = performance.now();
    for (const query of queries) await searcher.search(query);
    const used = process.cpuUsage(startedCpu);
    cpu.get(name)?.push((used.user + used.system) / queries.length);
    wall.get(name)?.push(((performance.now() - started) * 1_000) / queries.length);
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

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const reference = median(cpu.get("usearch exact int8") ?? []);
console.log(`\n${count} x 384, cosine, k 10; ${rounds} interleaved rounds of ${perRound} queries`);
for (const name of names) {
  const used = cpu.get(name) ?? [];
  const ratio = (median(used) / reference).toFixed(2);
  const spread = `${Math.min(...used).toFixed(0)}–${Math.max(...used).toFixed(0)}`;
  const wallMedian = median(wall.get(name) ?? []).toFixed(0);
  console.log(
    `${name}: CPU ${median(used).toFixed(0)} µs (${spread}), ${ratio} x usearch exact int8; wall ${wallMedian} µs; recall@10 ${recall.get(name)}`,
  );
}
