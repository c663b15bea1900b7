import type { RecallReport } from "../../../ports/vector-index.ts";
import type { VectorRows } from "../../../ports/vector-rows.ts";
import type { Clock } from "../../../shared/clock.ts";
import { lengthOf, Query } from "../codec/query.ts";
import { RowBatch } from "../codec/row-codec.ts";
import { type Ranked, TopK } from "../tiers/top-k.ts";
import type { Collection } from "./collection.ts";
import { RowSet } from "./filter-matches.ts";
import { storedPages } from "./stored-pages.ts";
import type { Turns } from "./turns.ts";

const K = 10;
/** Vectors as they were sent that are read at a time. */
const SENT_PAGE = 256;

interface Probe {
  row: number;
  query: Query;
  exact: TopK;
  /** The rows that the tiers answered with, and what the exact scan makes of them. */
  answer: Map<number, number>;
}

export interface RecallRun {
  collection: Collection;
  rows: VectorRows;
  turns: Turns;
  clock: Clock;
  sample: number;
  /** What the tiers answer, of all points or of some rows. */
  search: (query: Query, k: number, among: RowSet | null) => Promise<readonly Ranked[]>;
}

/** The vectors that are compared with: each row once, as a Float64Array that is good until the next. */
type Visit = (row: number, values: Float64Array) => void;
interface Truth {
  against: "sent" | "stored";
  points: number;
  among: RowSet | null;
  walk(visit: Visit): Promise<void>;
}

/**
 * recall@10 of the present tiers: points spread evenly are searched for, each left out of its own answer, and compared with a scan in floating point of what was
 * sent. Where that is kept of a sample alone, both are asked for the nearest among the sample; where it is not kept at all, the scan reads what is stored, and
 * the answer says so. A match as good as the exact tenth counts, whichever of the equals it is. Time: points × sample × dimensions, in turns.
 */
export async function measureRecall(run: RecallRun): Promise<RecallReport> {
  const { collection, clock } = run;
  const startedAtMs = clock.monotonicMs();
  const tier = { hot: collection.memory.hotCount, cold: collection.count - collection.memory.hotCount };
  const truth = await truthOf(run);
  const probes = await chooseProbes(run, truth);
  for (const probe of probes) {
    const answer = await run.search(probe.query, K + 1, truth.among);
    const others = answer.filter((entry) => entry.row !== probe.row).slice(0, K);
    for (const { row } of others) probe.answer.set(row, Number.NEGATIVE_INFINITY);
  }
  await truth.walk((row, values) => rankFor(probes, row, values));
  const report = { sample: probes.length, k: K, recall: shareFound(probes), against: truth.against };
  const took = { tier, tookMs: clock.monotonicMs() - startedAtMs };
  return { ...report, comparedPoints: truth.points, points: collection.count, ...took };
}

function rankFor(probes: readonly Probe[], row: number, values: Float64Array): void {
  for (const probe of probes) {
    if (probe.row === row) continue;
    const rank = probe.query.rank(values);
    if (probe.answer.has(row)) probe.answer.set(row, rank);
    if (probe.exact.wants(rank)) probe.exact.offer({ row, rank, id: String(row), metadata: null, stored: null });
  }
}

function shareFound(probes: readonly Probe[]): number | null {
  let found = 0;
  let wanted = 0;
  for (const { exact, answer } of probes) {
    const last = exact.entries.at(-1)?.rank ?? Number.POSITIVE_INFINITY;
    // One part in a million covers the order of float additions.
    const floor = last - Math.abs(last) * 1e-6;
    found += Math.min(exact.entries.length, [...answer.values()].filter((rank) => rank >= floor).length);
    wanted += exact.entries.length;
  }
  return wanted === 0 ? null : found / wanted;
}

async function chooseProbes(run: RecallRun, truth: Truth): Promise<Probe[]> {
  const every = Math.max(1, Math.floor(truth.points / run.sample));
  const probes: Probe[] = [];
  let seen = 0;
  await truth.walk((row, values) => {
    if (seen++ % every !== 0 || probes.length >= run.sample) return;
    const query = new Query(run.collection.format, values);
    probes.push({ row, query, exact: new TopK(K, Number.NEGATIVE_INFINITY), answer: new Map() });
  });
  return probes;
}

/** What there is to compare with: float32 rows are what was sent. */
async function truthOf(run: RecallRun): Promise<Truth> {
  const { collection } = run;
  const points = collection.count;
  const stored = { points, among: null, walk: (visit: Visit) => walkStored(run, visit) };
  if (collection.format.precision === "float32") return { against: "sent", ...stored };
  const kept: number[] = [];
  await walkSent(run, (row) => kept.push(row));
  if (kept.length < 2) return { against: "stored", ...stored };
  const among = kept.length < points ? new RowSet(kept) : null;
  return { against: "sent", points: kept.length, among, walk: (visit) => walkSent(run, visit) };
}

async function walkStored({ collection, rows, turns }: RecallRun, visit: Visit): Promise<void> {
  for await (const points of storedPages(rows, collection.record.id, collection.format)) {
    const batch = new RowBatch(collection.format, points.rows.length, points.bytes);
    for (const [index, row] of points.rows.entries()) {
      if (turns.spent) await turns.yield();
      visit(row, batch.values(index));
    }
  }
}

async function walkSent({ collection, rows, turns }: RecallRun, visit: Visit): Promise<void> {
  const { metric } = collection.format;
  for (let after = 0; ; ) {
    const page = await rows.sent(collection.record.id, after, SENT_PAGE);
    for (const [index, row] of page.rows.entries()) {
      if (turns.spent) await turns.yield();
      const values = Float64Array.from(page.vectors[index] ?? []);
      const unit = metric === "cosine" ? 1 / lengthOf(values) : 1;
      for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * unit;
      visit(row, values);
    }
    if (page.rows.length < SENT_PAGE) return;
    after = page.rows.at(-1) ?? after;
  }
}
