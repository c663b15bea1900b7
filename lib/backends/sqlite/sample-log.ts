import type { History, MemorySample } from "../../contracts/memory.ts";
import type { Database, SqlValue } from "../../ports/database.ts";
import type { HistoryRange, SampleLog } from "../../ports/sample-log.ts";
import { bootStatements, restartsWithin } from "./boot-log.ts";
import { type Bucket, COLUMNS, columnsOf, merge, toStep } from "./sample-figures.ts";

export interface SampleLogBounds {
  /** Rows at full rate. */
  maxSamples: number;
  /** How long 5-minute steps are kept before they become hourly ones. */
  fineMs: number;
  /** How long hourly steps are kept. */
  coarseMs: number;
}

const DAY_MS = 86_400_000;
export const DEFAULT_BOUNDS: SampleLogBounds = { maxSamples: 25_000, fineMs: 30 * DAY_MS, coarseMs: 365 * DAY_MS };

const FINE_SECONDS = 300;
const COARSE_SECONDS = 3600;
/** The most rows that one answer or one clean-up touches. */
const BATCH = 2_000;

const quoted = COLUMNS.map((name) => `"${name}"`).join(", ");
const object = (aggregate: string) =>
  `json_object(${COLUMNS.map((name) => `'${name}', ${aggregate}("${name}")`).join(", ")})`;
const AGGREGATE = `json_object('min', ${object("min")}, 'max', ${object("max")}, 'mean', ${object("avg")})`;
const INSERT = `INSERT OR IGNORE INTO "Sample" ("sequence", "nodeId", "bootId", "sampledAtMs", ${quoted}, "payload")
  VALUES (?, ?, ?, ?, ${COLUMNS.map(() => "?").join(", ")}, ?)`;

interface StepRow {
  startAtMs: number;
  count: number;
  figures: string;
}

/** History in SQLite: `Sample` at full rate, then `SampleRollup` per 5 minutes, then per hour. The three never overlap. */
export class SqliteSampleLog implements SampleLog {
  readonly #database: Database;
  readonly #nodeId: string;
  readonly #bounds: SampleLogBounds;

  constructor(database: Database, nodeId: string, bounds: SampleLogBounds = DEFAULT_BOUNDS) {
    this.#database = database;
    this.#nodeId = nodeId;
    this.#bounds = bounds;
  }

  async lastSequence(): Promise<number> {
    const [row] = await this.#database.all<{ last: number | null }>(`SELECT max("sequence") AS last FROM "Sample"`);
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
      `SELECT "payload" FROM "Sample" WHERE "sampledAtMs" BETWEEN ? AND ? AND "sequence" > ?
       ORDER BY "sequence" ${forward ? "ASC" : "DESC"} LIMIT ${BATCH + 1}`,
      [fromMs, toMs, afterSequence ?? 0],
    );
    const samples = rows.slice(0, BATCH).map(({ payload }): MemorySample => JSON.parse(payload));
    if (!forward) samples.reverse();
    const restarts = await restartsWithin(this.#database, { fromMs, toMs });
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
      `SELECT ("sampledAtMs" / ${stepMs}) * ${stepMs} AS startAtMs, count(*) AS count, ${AGGREGATE} AS figures
       FROM "Sample" WHERE "sampledAtMs" BETWEEN ? AND ? GROUP BY 1 ORDER BY 1 DESC LIMIT ${BATCH + 1}`,
      [fromMs, toMs],
    );
    for (const row of recent) add(toBucket(row));
    const ordered = [...steps.values()].sort((a, b) => a.startAtMs - b.startAtMs);
    const restarts = await restartsWithin(this.#database, { fromMs, toMs });
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

  /** Whole 5-minute steps of the oldest samples, until at most `maxSamples` are left. */
  async #rollUpSamples(): Promise<boolean> {
    const [row] = await this.#database.all<{ count: number; batchEndMs: number | null }>(
      `SELECT count(*) AS count, (SELECT max("sampledAtMs") FROM (SELECT "sampledAtMs" FROM "Sample" ORDER BY "sequence" LIMIT ?)) AS batchEndMs
       FROM "Sample"`,
      [BATCH],
    );
    const surplus = (row?.count ?? 0) - this.#bounds.maxSamples;
    if (surplus <= 0 || row?.batchEndMs == null) return false;
    const fineMs = FINE_SECONDS * 1000;
    // Up to the end of the step that the batch ends in: a step is rolled up once and whole.
    const beforeMs = Math.floor(row.batchEndMs / fineMs) * fineMs + fineMs;
    await this.#database.write([
      {
        sql: `INSERT OR IGNORE INTO "SampleRollup" ("nodeId", "stepSeconds", "startAtMs", "count", "figures")
          SELECT ?, ${FINE_SECONDS}, ("sampledAtMs" / ${fineMs}) * ${fineMs}, count(*), ${AGGREGATE}
          FROM "Sample" WHERE "sampledAtMs" < ? GROUP BY 3`,
        params: [this.#nodeId, beforeMs],
      },
      { sql: `DELETE FROM "Sample" WHERE "sampledAtMs" < ?`, params: [beforeMs] },
    ]);
    return surplus > BATCH;
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
      {
        sql: `INSERT OR IGNORE INTO "SampleRollup" ("nodeId", "stepSeconds", "startAtMs", "count", "figures") VALUES (?, ${COARSE_SECONDS}, ?, ?, ?)`,
        params: [this.#nodeId, hourMs, hour.count, JSON.stringify({ min: hour.min, max: hour.max, mean: hour.mean })],
      },
      {
        sql: `DELETE FROM "SampleRollup" WHERE "nodeId" = ? AND "stepSeconds" = ${FINE_SECONDS} AND "startAtMs" >= ? AND "startAtMs" < ?`,
        params: [this.#nodeId, hourMs, hourMs + coarseMs],
      },
    ]);
    return true;
  }

  /** Rolled-up steps of the range, a page at a time: a year is 17,000 rows. */
  async *#rolledUp(fromMs: number, toMs: number): AsyncGenerator<Bucket> {
    let after: SqlValue = -1;
    for (;;) {
      const rows: StepRow[] = await this.#database.all<StepRow>(
        `SELECT "startAtMs", "count", "figures" FROM "SampleRollup"
         WHERE "nodeId" = ? AND "startAtMs" > ? AND "startAtMs" BETWEEN ? AND ? ORDER BY "startAtMs" LIMIT ${BATCH}`,
        [this.#nodeId, after, fromMs, toMs],
      );
      for (const row of rows) yield toBucket(row);
      const last = rows.at(-1);
      if (!last || rows.length < BATCH) return;
      after = last.startAtMs;
    }
  }
}

function toBucket({ startAtMs, count, figures }: StepRow): Bucket {
  return { startAtMs, count, ...(JSON.parse(figures) as Pick<Bucket, "min" | "max" | "mean">) };
}
