import type { History, MemorySample } from "../../contracts/memory.ts";
import type { Database, Statement } from "../../ports/database.ts";
import { type HistoryRange, MOST_SAMPLES, type SampleLog, type SampleLogBounds } from "../../ports/sample-log.ts";
import { type Dialect, dialectOf } from "../dialect.ts";
import { bootStatements, restartsWithin } from "./boot-log.ts";
import { type Bucket, COLUMNS, columnsOf, merge, toStep } from "./sample-figures.ts";

const DAY_MS = 86_400_000;
const DEFAULT_BOUNDS: SampleLogBounds = { maxSamples: 25_000, fineMs: 30 * DAY_MS, coarseMs: 365 * DAY_MS };

const FINE_SECONDS = 300;
const COARSE_SECONDS = 3600;
/** The most rows that one answer or one clean-up touches. */
const BATCH = MOST_SAMPLES;

const quoted = COLUMNS.map((name) => `"${name}"`).join(", ");
const object = (jsonObject: string, aggregate: string) =>
  `${jsonObject}(${COLUMNS.map((name) => `'${name}', ${aggregate}("${name}")`).join(", ")})`;
const aggregateBy = ({ jsonObject: by }: Dialect) =>
  `${by}('min', ${object(by, "min")}, 'max', ${object(by, "max")}, 'mean', ${object(by, "avg")})`;
const INSERT = `INSERT INTO "Sample" ("sequence", "nodeId", "bootId", "sampledAtMs", ${quoted}, "payload")
  VALUES (?, ?, ?, ?, ${COLUMNS.map(() => "?").join(", ")}, ?) ON CONFLICT DO NOTHING`;

interface StepRow {
  startAtMs: number;
  count: number;
  figures: string;
}

/** History in SQLite: `Sample` at full rate, then `SampleRollup` per 5 minutes, then per hour. No sample is in two of them. */
export class SqliteSampleLog implements SampleLog {
  readonly #database: Database;
  readonly #nodeId: string;
  readonly #bounds: SampleLogBounds;
  readonly #aggregate: string;

  constructor(database: Database, nodeId: string, bounds: SampleLogBounds = DEFAULT_BOUNDS) {
    this.#database = database;
    this.#nodeId = nodeId;
    this.#bounds = bounds;
    this.#aggregate = aggregateBy(dialectOf(database));
  }

  async lastSequence(): Promise<number> {
    const [row] = await this.#database.all<{ last: number | null }>(
      `SELECT max("sequence") AS "last" FROM "Sample" WHERE "nodeId" = ?`,
      [this.#nodeId],
    );
    return row?.last ?? 0;
  }

  async append(samples: readonly MemorySample[]): Promise<void> {
    await this.#database.write([
      ...bootStatements(samples),
      ...samples.map((sample) => ({
        sql: INSERT,
        params: [
          sample.sequence,
          sample.nodeId,
          sample.bootId,
          Date.parse(sample.sampledAt),
          ...columnsOf(sample),
          JSON.stringify(sample),
        ],
      })),
    ]);
  }

  async samples({ fromMs, toMs }: HistoryRange, afterSequence?: number): Promise<History> {
    const forward = afterSequence !== undefined;
    const rows = await this.#database.all<{ payload: string }>(
      `SELECT "payload" FROM "Sample" WHERE "nodeId" = ? AND "sampledAtMs" BETWEEN ? AND ? AND "sequence" > ?
       ORDER BY "sequence" ${forward ? "ASC" : "DESC"} LIMIT ${BATCH + 1}`,
      [this.#nodeId, fromMs, toMs, afterSequence ?? 0],
    );
    const samples = rows.slice(0, BATCH).map(({ payload }): MemorySample => JSON.parse(payload));
    if (!forward) samples.reverse();
    const restarts = await restartsWithin(this.#database, this.#nodeId, { fromMs, toMs });
    return { samples, stepSeconds: null, truncated: rows.length > BATCH, restarts };
  }

  async steps({ fromMs, toMs }: HistoryRange, stepSeconds: number): Promise<History> {
    const stepMs = stepSeconds * 1000;
    const steps = new Map<number, Bucket>();
    const add = (bucket: Bucket) => {
      const startAtMs = Math.floor(bucket.startAtMs / stepMs) * stepMs;
      const known = steps.get(startAtMs);
      steps.set(startAtMs, known ? { ...merge(known, bucket), startAtMs } : { ...bucket, startAtMs });
    };
    for await (const bucket of this.#rolledUp(fromMs, toMs)) add(bucket);
    const recent = await this.#database.all<StepRow>(
      `SELECT ("sampledAtMs" / ${stepMs}) * ${stepMs} AS "startAtMs", count(*) AS "count", ${this.#aggregate} AS "figures"
       FROM "Sample" WHERE "nodeId" = ? AND "sampledAtMs" BETWEEN ? AND ? GROUP BY 1 ORDER BY 1 DESC LIMIT ${BATCH + 1}`,
      [this.#nodeId, fromMs, toMs],
    );
    for (const row of recent) add(toBucket(row));
    const ordered = [...steps.values()].sort((a, b) => a.startAtMs - b.startAtMs);
    const restarts = await restartsWithin(this.#database, this.#nodeId, { fromMs, toMs });
    return { samples: ordered.slice(-BATCH).map(toStep), stepSeconds, truncated: ordered.length > BATCH, restarts };
  }

  async trim(nowMs: number): Promise<boolean> {
    const rolled = await this.#rollUpSamples();
    const coarser = await this.#rollUpSteps(nowMs - this.#bounds.fineMs);
    await this.#database.write([
      {
        sql: `DELETE FROM "SampleRollup" WHERE "nodeId" = ? AND "startAtMs" < ?`,
        params: [this.#nodeId, nowMs - this.#bounds.coarseMs],
      },
    ]);
    return rolled || coarser;
  }

  /** The samples of the lowest sequences, until `maxSamples` are left. What the clock said of them does not matter. */
  async #rollUpSamples(): Promise<boolean> {
    // A file has one node, and only without a condition can SQLite count by its smallest index.
    const [ofNode, params] = this.#database.dialect === "postgres" ? [`WHERE "nodeId" = ?`, [this.#nodeId]] : ["", []];
    const [row] = await this.#database.all<{ count: number }>(
      `SELECT count(*) AS "count" FROM "Sample" ${ofNode}`,
      params,
    );
    const surplus = (row?.count ?? 0) - this.#bounds.maxSamples;
    if (surplus <= 0) return false;
    const [end] = await this.#database.all<{ last: number }>(
      `SELECT max("sequence") AS "last" FROM (SELECT "sequence" FROM "Sample" WHERE "nodeId" = ? ORDER BY "sequence" LIMIT ?) AS "lowest"`,
      [this.#nodeId, Math.min(BATCH, surplus)],
    );
    const last = end?.last ?? 0;
    const fineMs = FINE_SECONDS * 1000;
    const steps = await this.#database.all<StepRow>(
      `SELECT ("sampledAtMs" / ${fineMs}) * ${fineMs} AS "startAtMs", count(*) AS "count", ${this.#aggregate} AS "figures"
       FROM "Sample" WHERE "nodeId" = ? AND "sequence" <= ? GROUP BY 1 LIMIT ${BATCH}`,
      [this.#nodeId, last],
    );
    await this.#database.write([
      ...(await this.#rolledInto(FINE_SECONDS, steps.map(toBucket))),
      { sql: `DELETE FROM "Sample" WHERE "nodeId" = ? AND "sequence" <= ?`, params: [this.#nodeId, last] },
    ]);
    return surplus > BATCH;
  }

  /** Writes steps with what is there of them: a part of a step goes before its rest, and a clock may be set back. */
  async #rolledInto(stepSeconds: number, buckets: readonly Bucket[]): Promise<Statement[]> {
    const known = await this.#database.all<StepRow>(
      `SELECT "startAtMs", "count", "figures" FROM "SampleRollup" WHERE "nodeId" = ? AND "stepSeconds" = ?
         AND "startAtMs" IN (${dialectOf(this.#database).numbers("?")}) LIMIT ${BATCH}`,
      [this.#nodeId, stepSeconds, JSON.stringify(buckets.map(({ startAtMs }) => startAtMs))],
    );
    const before = new Map(known.map((row) => [row.startAtMs, toBucket(row)]));
    return buckets.map((bucket) => {
      const there = before.get(bucket.startAtMs);
      const { startAtMs, count, min, max, mean } = there ? merge(there, bucket) : bucket;
      return {
        sql: `INSERT INTO "SampleRollup" ("nodeId", "stepSeconds", "startAtMs", "count", "figures") VALUES (?, ?, ?, ?, ?)
          ON CONFLICT ("nodeId", "stepSeconds", "startAtMs") DO UPDATE SET "count" = excluded."count", "figures" = excluded."figures"`,
        params: [this.#nodeId, stepSeconds, startAtMs, count, JSON.stringify({ min, max, mean })],
      };
    });
  }

  /** Whole hours of 5-minute steps older than `beforeMs`. */
  async #rollUpSteps(beforeMs: number): Promise<boolean> {
    const coarseMs = COARSE_SECONDS * 1000;
    const cutMs = Math.floor(beforeMs / coarseMs) * coarseMs;
    const rows = await this.#database.all<StepRow>(
      `SELECT "startAtMs", "count", "figures" FROM "SampleRollup"
       WHERE "nodeId" = ? AND "stepSeconds" = ${FINE_SECONDS} AND "startAtMs" < ? ORDER BY "startAtMs" LIMIT ${BATCH}`,
      [this.#nodeId, cutMs],
    );
    const [first] = rows;
    if (!first) return false;
    // One hour a call: the first one's rows, whole.
    const hourMs = Math.floor(first.startAtMs / coarseMs) * coarseMs;
    const hour = rows
      .filter(({ startAtMs }) => startAtMs < hourMs + coarseMs)
      .map(toBucket)
      .reduce(merge);
    await this.#database.write([
      ...(await this.#rolledInto(COARSE_SECONDS, [{ ...hour, startAtMs: hourMs }])),
      {
        sql: `DELETE FROM "SampleRollup" WHERE "nodeId" = ? AND "stepSeconds" = ${FINE_SECONDS} AND "startAtMs" >= ? AND "startAtMs" < ?`,
        params: [this.#nodeId, hourMs, hourMs + coarseMs],
      },
    ]);
    return true;
  }

  /** Rolled-up steps of the range, a page at a time: a year is 17,000 rows. */
  async *#rolledUp(fromMs: number, toMs: number): AsyncGenerator<Bucket> {
    let after = { startAtMs: -1, stepSeconds: 0 };
    for (;;) {
      // An hour that was rolled up twice may begin with a step of five minutes beside it.
      const rows: (StepRow & { stepSeconds: number })[] = await this.#database.all(
        `SELECT "startAtMs", "stepSeconds", "count", "figures" FROM "SampleRollup"
         WHERE "nodeId" = ? AND ("startAtMs", "stepSeconds") > (?, ?) AND "startAtMs" BETWEEN ? AND ?
         ORDER BY "startAtMs", "stepSeconds" LIMIT ${BATCH}`,
        [this.#nodeId, after.startAtMs, after.stepSeconds, fromMs, toMs],
      );
      for (const row of rows) yield toBucket(row);
      const last = rows.at(-1);
      if (!last || rows.length < BATCH) return;
      after = last;
    }
  }
}

function toBucket({ startAtMs, count, figures }: StepRow): Bucket {
  return { startAtMs, count, ...(JSON.parse(figures) as Pick<Bucket, "min" | "max" | "mean">) };
}
