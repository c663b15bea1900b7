import type { RecallReport } from "../../ports/vector-index.ts";
import type { VectorRows } from "../../ports/vector-rows.ts";
import type { Clock } from "../../shared/clock.ts";
import type { Collection } from "./collection.ts";
import { Query } from "./query.ts";
import { RowBatch } from "./row-codec.ts";
import { storedPages } from "./stored-pages.ts";
import { type Ranked, TopK } from "./top-k.ts";
import type { Turns } from "./turns.ts";

const K = 10;

interface Probe {
  row: number;
  query: Query;
  exact: TopK;
}

export interface RecallRun {
  collection: Collection;
  rows: VectorRows;
  turns: Turns;
  clock: Clock;
  sample: number;
  search: (query: Query, k: number) => Promise<readonly Ranked[]>;
}

/**
 * recall@10 of the present tiers: points spread evenly over the collection are searched for, each left out of its own answer, and compared with
 * a scan of every stored vector in floating point. A match as good as the exact tenth counts, whichever of the equals it is.
 * Time: points × sample × dimensions, in turns.
 */
export async function measureRecall(run: RecallRun): Promise<RecallReport> {
  const { collection, clock } = run;
  const startedAtMs = clock.monotonicMs();
  const tier = { hot: collection.memory.hotCount, cold: collection.count - collection.memory.hotCount };
  const probes = await chooseProbes(run);
  await scanExactly(run, probes);
  let found = 0;
  let wanted = 0;
  for (const { row, query, exact } of probes) {
    const answer = (await run.search(query, K + 1)).filter((entry) => entry.row !== row).slice(0, K);
    const last = exact.entries.at(-1)?.rank ?? Number.POSITIVE_INFINITY;
    // One part in a million covers the order of float additions.
    const floor = last - Math.abs(last) * 1e-6;
    found += Math.min(exact.entries.length, answer.filter((entry) => entry.rank >= floor).length);
    wanted += exact.entries.length;
  }
  const recall = wanted === 0 ? null : found / wanted;
  return { sample: probes.length, k: K, recall, tier, tookMs: clock.monotonicMs() - startedAtMs };
}

async function chooseProbes(run: RecallRun): Promise<Probe[]> {
  const every = Math.max(1, Math.floor(run.collection.count / run.sample));
  const probes: Probe[] = [];
  let seen = 0;
  await forEachRow(run, (row, batch, index) => {
    if (seen++ % every !== 0 || probes.length >= run.sample) return;
    const query = new Query(run.collection.format, batch.values(index));
    probes.push({ row, query, exact: new TopK(K, Number.NEGATIVE_INFINITY) });
  });
  return probes;
}

async function scanExactly(run: RecallRun, probes: readonly Probe[]): Promise<void> {
  await forEachRow(run, (row, batch, index) => {
    const values = batch.values(index);
    for (const probe of probes) {
      if (probe.row === row) continue;
      const rank = probe.query.rank(values);
      if (probe.exact.wants(rank)) probe.exact.offer({ row, rank, id: String(row), metadata: null, stored: null });
    }
  });
}

async function forEachRow(
  { collection, rows, turns }: RecallRun,
  visit: (row: number, batch: RowBatch, index: number) => void,
): Promise<void> {
  for await (const points of storedPages(rows, collection.record.id, collection.format)) {
    const batch = new RowBatch(collection.format, points.rows.length, points.bytes);
    for (const [index, row] of points.rows.entries()) {
      if (turns.spent) await turns.breathe();
      visit(row, batch, index);
    }
  }
}
