import type { Database } from "../../ports/database.ts";
import type { Kept, Quota, QuotaRow, QuotaRows } from "../../ports/namespace-quotas.ts";
import { KeyedLock } from "../../shared/keyed-lock.ts";
import { dialectOf } from "../dialect.ts";
import { ALL_COUNTED, countStatements, createTriggers, dropTriggers, kindOf, sourcesOf } from "./quota-triggers.ts";

/** Sources whose next rows are counted in one transaction. */
const SOURCES_AT_ONCE = 5;

interface Stored {
  namespace: string;
  maxBytes: number | null;
  maxItems: number | null;
  version: number;
}

interface Usage {
  source: string;
  namespace: string;
  bytes: number;
  items: number;
}

/** Quotas in SQLite. Its triggers are there while any namespace has one. */
export class SqliteQuotaRows implements QuotaRows {
  readonly #database: Database;
  /** Namespaces that have one, or are being counted. */
  readonly #known: Set<string>;
  /** Those of them whose rows are not all counted yet. */
  readonly #counting = new Set<string>();
  /** Namespaces come and go one after another: the first makes the triggers, and the last removes them. */
  readonly #listing = new KeyedLock();

  private constructor(database: Database, known: Set<string>) {
    this.#database = database;
    this.#known = known;
  }

  static async open(database: Database): Promise<SqliteQuotaRows> {
    const found = await database.all<{ namespace: string }>(
      `SELECT "namespace" FROM "NamespaceQuota" UNION SELECT "namespace" FROM "NamespaceUsage" LIMIT 100000`,
    );
    const rows = new SqliteQuotaRows(database, new Set(found.map(({ namespace }) => namespace)));
    // Nobody was told of a quota whose count a stop cut off.
    const unfinished = await database.all<{ namespace: string }>(
      `SELECT DISTINCT "namespace" FROM "NamespaceUsage" WHERE "countedTo" < ? LIMIT 100000`,
      [ALL_COUNTED],
    );
    for (const { namespace } of unfinished) await rows.lift(namespace);
    if (rows.#known.size > 0) await database.write(createTriggers(database.dialect));
    return rows;
  }

  all(): Promise<QuotaRow[]> {
    return this.#read("", []);
  }

  find(namespaces: readonly string[]): Promise<QuotaRow[]> {
    return this.#read(`WHERE "namespace" IN (${dialectOf(this.#database).texts("?")})`, [JSON.stringify(namespaces)]);
  }

  async set(namespace: string, { bytes, items }: Quota, version: number): Promise<void> {
    const quota = {
      sql: `INSERT INTO "NamespaceQuota" ("namespace", "maxBytes", "maxItems", "version") VALUES (?, ?, ?, ?)
            ON CONFLICT ("namespace") DO UPDATE SET "maxBytes" = excluded."maxBytes", "maxItems" = excluded."maxItems",
              "version" = excluded."version"`,
      params: [namespace, bytes, items, version],
    };
    if (this.#known.has(namespace)) await this.#database.write([quota]);
    else
      await this.#listing.run("", async () => {
        const { dialect } = this.#database;
        const triggers = this.#known.size === 0 ? createTriggers(dialect) : [];
        await this.#database.write([...triggers, quota, ...sourcesOf(dialect, namespace)]);
        this.#known.add(namespace);
        this.#counting.add(namespace);
      });
    // Also where an earlier call could not count to the end.
    if (this.#counting.has(namespace)) await this.#count(namespace);
  }

  lift(namespace: string): Promise<void> {
    return this.#listing.run("", async () => {
      const isLast = this.#known.size === 1 && this.#known.has(namespace);
      await this.#database.write([
        { sql: `DELETE FROM "NamespaceUsage" WHERE "namespace" = ?`, params: [namespace] },
        { sql: `DELETE FROM "NamespaceQuota" WHERE "namespace" = ?`, params: [namespace] },
        ...(isLast ? dropTriggers(this.#database.dialect) : []),
      ]);
      this.#known.delete(namespace);
      this.#counting.delete(namespace);
    });
  }

  /** A slice at a time, so that no other write waits long. */
  async #count(namespace: string): Promise<void> {
    for (;;) {
      const left = await this.#database.all<{ source: string }>(
        `SELECT "source" FROM "NamespaceUsage" WHERE "namespace" = ? AND "countedTo" < ? LIMIT ?`,
        [namespace, ALL_COUNTED, SOURCES_AT_ONCE],
      );
      if (left.length === 0) break;
      await this.#database.write(
        left.flatMap(({ source }) => countStatements(this.#database.dialect, source, namespace)),
      );
    }
    this.#counting.delete(namespace);
  }

  async #read(where: string, params: readonly string[]): Promise<QuotaRow[]> {
    const rows = new Map<string, QuotaRow>();
    const quotas = await this.#database.all<Stored>(
      `SELECT * FROM "NamespaceQuota" ${where} ORDER BY "namespace" LIMIT 100000`,
      params,
    );
    for (const { namespace, maxBytes, maxItems, version } of quotas)
      rows.set(namespace, { namespace, quota: { bytes: maxBytes, items: maxItems }, version, kept: nothing() });
    const used = await this.#database.all<Usage>(
      `SELECT CASE WHEN "source" LIKE 'VectorPoint/%' THEN 'VectorPoint' ELSE "source" END AS "source", "namespace", sum("bytes") AS "bytes", sum("items") AS "items"
       FROM "NamespaceUsage" ${where} GROUP BY "namespace", 1 LIMIT 1000000`,
      params,
    );
    for (const { source, namespace, bytes, items } of used) {
      const amount = rows.get(namespace)?.kept[kindOf(source)];
      if (amount === undefined) continue;
      amount.bytes += bytes;
      amount.items += items;
    }
    return [...rows.values()];
  }
}

const nothing = (): Kept => ({
  session: { bytes: 0, items: 0 },
  point: { bytes: 0, items: 0 },
  document: { bytes: 0, items: 0 },
  message: { bytes: 0, items: 0 },
});
