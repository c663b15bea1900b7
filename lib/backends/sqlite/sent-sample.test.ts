import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, it } from "vitest";
import type { Database } from "../../ports/database.ts";
import { workerEntry } from "../worker-entry.ts";
import { DatabaseClient } from "./database-client.ts";
import { MOST_SENT, MOST_SENT_BYTES } from "./sent-sample.ts";
import { SqliteVectorRows } from "./vector-rows.ts";

const MIGRATIONS = path.resolve(import.meta.dirname, "../../../prisma/migrations/sqlite");
const dirs: string[] = [];
const open: Database[] = [];

afterEach(async () => {
  for (const database of open.splice(0)) await database.close();
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function freshDir(): string {
  const dir = mkdtempSync(path.join(tmpdir(), "sent-sample-"));
  dirs.push(dir);
  return dir;
}

async function openDatabase(dir: string, migrationsDir = MIGRATIONS): Promise<Database> {
  const file = path.join(dir, "test.db");
  const options = { file, migrationsDir, maxBytes: 1 << 28, busyTimeoutMs: 1_000 };
  const { database } = await DatabaseClient.open(workerEntry("database"), options);
  open.push(database);
  return database;
}

const fail = (error: unknown): never => {
  throw error;
};

async function fill(rows: SqliteVectorRows, dimensions: number, count: number) {
  const shape = { namespace: "n", name: `c${dimensions}`, dimensions, metric: "dot", precision: "int8" } as const;
  const { id } = await rows.createCollection({ ...shape, createdAtMs: 1, formerPrecision: null });
  const numbers: number[] = [];
  for (let from = 0; from < count; from += 1_000) {
    const ids = Array.from({ length: Math.min(1_000, count - from) }, (_, i) => `p${from + i}`);
    const { rows: written } = await rows.upsert(id, {
      ids,
      metadata: ids.map(() => null),
      bytes: new ArrayBuffer(8 * ids.length),
      error: { measured: ids.length, errorSum: 0, errorMax: 0 },
      sent: (at) => new Float32Array(dimensions).fill(from + at),
    });
    numbers.push(...written);
  }
  return { id, numbers };
}

it("keeps all of a small collection, and of a large one an even sample within its bounds, also after a restart", async () => {
  const dir = freshDir();
  let database = await openDatabase(dir);
  let rows = await SqliteVectorRows.open(database, fail);
  const [small, many, wide] = [await fill(rows, 2, 3_000), await fill(rows, 3, 20_000), await fill(rows, 4_096, 700)];
  expect((await rows.sent(small.id, 0, 100_000)).rows).toEqual(small.numbers);

  const { rows: kept, vectors } = await rows.sent(many.id, 0, 100_000);
  expect(kept.length).toBeLessThanOrEqual(MOST_SENT);
  expect(kept.length).toBeGreaterThanOrEqual(MOST_SENT / 4);
  const places = kept.map((row) => many.numbers.indexOf(row));
  expect(vectors.map(([first]) => first)).toEqual(places);
  // In each tenth of the collection as many as in every other, give or take a fifth.
  for (let tenth = 0; tenth < 10; tenth++) {
    const here = places.filter((place) => Math.floor(place / 2_000) === tenth).length;
    expect(Math.abs(here - kept.length / 10)).toBeLessThan(kept.length / 50);
  }

  const wideKept = await rows.sent(wide.id, 0, 100_000);
  expect(wideKept.rows.length * 4 * 4_096).toBeLessThanOrEqual(MOST_SENT_BYTES);
  expect(wideKept.rows.length).toBeGreaterThanOrEqual(64);

  await database.close();
  open.length = 0;
  database = await openDatabase(dir);
  rows = await SqliteVectorRows.open(database, fail);
  expect((await rows.sent(many.id, 0, 100_000)).rows).toEqual(kept);
  const more = { ids: ["more"], metadata: [null], bytes: new ArrayBuffer(8) };
  const error = { measured: 1, errorSum: 0, errorMax: 0 };
  for (let i = 0; i < 20; i++) {
    await rows.upsert(many.id, { ...more, ids: [`more${i}`], error, sent: () => new Float32Array(3) });
  }
  expect((await rows.sent(many.id, 0, 100_000)).rows.length).toBeLessThan(kept.length + 20);
});

it("finds what an earlier version called float16 as int16 that float16 still confirms, with its points", async () => {
  const dir = freshDir();
  const earlier = path.join(dir, "earlier");
  mkdirSync(earlier);
  for (const name of readdirSync(MIGRATIONS)) {
    if (name < "20261129") cpSync(path.join(MIGRATIONS, name), path.join(earlier, name), { recursive: true });
  }
  const before = await openDatabase(dir, earlier);
  const collection = `INSERT INTO "VectorCollection" ("namespace", "name", "dimensions", "metric", "precision", "createdAtMs")`;
  await before.write([
    { sql: `${collection} VALUES ('n', 'old', 3, 'dot', 'float16', 1), ('n', 'small', 3, 'dot', 'int8', 1)` },
    { sql: `INSERT INTO "VectorPoint" ("collectionId", "pointId", "vector") VALUES (1, 'a', x'0102')` },
  ]);
  await before.close();
  open.length = 0;
  const rows = await SqliteVectorRows.open(await openDatabase(dir), fail);
  const none = { measured: 0, errorSum: 0, errorMax: 0 };
  expect(await rows.collections()).toMatchObject([
    { name: "old", precision: "int16", formerPrecision: "float16", count: 1, ...none },
    { name: "small", precision: "int8", formerPrecision: null, count: 0, ...none },
  ]);
});
