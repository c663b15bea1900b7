// A collection far beyond the hot tier, on disk as the server keeps it, in one process: upserts/s, RSS at its most, p50 and p99, recall@10.
// node --import tsx bench/vectors/million.ts [COUNT] [MAX_MB]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { LargeCorpus } from "../../e2e/support/large-corpus.ts";
import { DatabaseClient } from "../../lib/backends/sqlite/database-client.ts";
import { SqliteVectorRows } from "../../lib/backends/sqlite/vector-rows.ts";
import { workerEntry } from "../../lib/backends/worker-entry.ts";
import { MIB } from "../../lib/shared/bytes.ts";
import { systemClock } from "../../lib/shared/clock.ts";
import { createKernel } from "../../lib/stores/vectors/codec/kernel.ts";
import { VectorStore } from "../../lib/stores/vectors/store/vector-store.ts";
import { TestAccount } from "../../lib/testing/test-account.ts";

const count = Number(process.argv[2] ?? 1_000_000);
const maxBytes = Number(process.argv[3] ?? 512) * MIB;
const dir = mkdtempSync(path.join(tmpdir(), "headroom-million-"));
const corpus = new LargeCorpus();

async function open() {
  const { database } = await DatabaseClient.open(workerEntry("database"), {
    file: path.join(dir, "bench.db"),
    migrationsDir: path.resolve(import.meta.dirname, "../../prisma/migrations/sqlite"),
    maxBytes: 8_192 * MIB,
    busyTimeoutMs: 5_000,
  });
  const rows = await SqliteVectorRows.open(database, (error) => console.error(error));
  const account = new TestAccount(maxBytes);
  const store = await VectorStore.open({ rows, account, clock: systemClock, kernel: createKernel(), maxHot: 5_000 });
  return { database, store, account };
}

let mostRss = 0;
const watch = setInterval(() => {
  mostRss = Math.max(mostRss, process.memoryUsage.rss());
}, 100);

async function measure(store: VectorStore, queries: number) {
  let found = 0;
  const tookMs: number[] = [];
  for (let i = 0; i < queries; i++) {
    const vector = corpus.query(Math.floor((i * count) / queries));
    const wanted = new Set(corpus.nearest(vector, count));
    const started = performance.now();
    const { matches } = await store.search("bench", "c", { vector });
    tookMs.push(performance.now() - started);
    found += matches.filter(({ id }) => wanted.has(id)).length;
  }
  tookMs.sort((a, b) => a - b);
  const at = (share: number) => Math.round(tookMs[Math.floor((tookMs.length - 1) * share)] ?? 0);
  return { recall: found / (10 * queries), p50Ms: at(0.5), p99Ms: at(0.99) };
}

let opened = await open();
await opened.store.create("bench", "c", { dimensions: corpus.dimensions, metric: "cosine" });
const started = performance.now();
for (let from = 0; from < count; from += 1_000) {
  const points = Array.from({ length: Math.min(1_000, count - from) }, (_, i) => ({
    id: `v${from + i}`,
    vector: corpus.vector(from + i),
  }));
  await opened.store.upsert("bench", "c", points);
}
const upsertsPerSecond = Math.round(count / ((performance.now() - started) / 1_000));
console.log(
  JSON.stringify({
    count,
    upsertsPerSecond,
    grantedMb: Math.round(opened.account.grantedBytes / MIB),
    mostRssMb: Math.round(mostRss / MIB),
  }),
);
console.log(JSON.stringify({ present: await measure(opened.store, 50), mostRssMb: Math.round(mostRss / MIB) }));
await opened.database.close();

// The first store is garbage from here on.
opened = await open();
console.log(
  JSON.stringify({ afterRestart: await measure(opened.store, 3), ...(await opened.store.collection("bench", "c")) }),
);
console.log(
  JSON.stringify({
    warmed: await measure(opened.store, 50),
    ...(await opened.store.collection("bench", "c")),
    mostRssMb: Math.round(mostRss / MIB),
  }),
);
await opened.database.close();
clearInterval(watch);
rmSync(dir, { recursive: true, force: true });
