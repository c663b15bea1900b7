import { statSync } from "node:fs";
import Libsql from "libsql";
import type { Changes, SqlValue, Statement } from "../../ports/database.ts";
import { FilePlace } from "./file-place.ts";
import type { DatabaseOptions } from "./messages.ts";
import type { RowTable } from "./row-table.ts";

type Sqlite = InstanceType<typeof Libsql>;
interface Prepared {
  statement: ReturnType<Sqlite["prepare"]>;
  /** Asked for with the first row. */
  columns: string[] | null;
}

/** Prepared statements kept; the oldest goes. Drivers use some dozens of distinct texts. */
const MAX_PREPARED = 256;
const PAGE_BYTES = 4096;

/** The synchronous connection of the database thread: prepared statements, group commit, and the disk bound. */
export class Connection {
  readonly sqlite: Sqlite;
  readonly #file: string;
  readonly #place: FilePlace;
  readonly #prepared = new Map<string, Prepared>();

  constructor(options: DatabaseOptions) {
    this.#file = options.file;
    this.#place = new FilePlace(options.file);
    this.sqlite = new Libsql(options.file);
    try {
      this.#configure(options);
    } catch (error) {
      this.sqlite.close();
      throw error;
    }
  }

  #configure(options: DatabaseOptions): void {
    // FULL: a commit is on disk before it is acknowledged, power failure included; group commit pays for it.
    this.sqlite.exec("PRAGMA journal_mode = WAL");
    this.sqlite.exec("PRAGMA synchronous = FULL");
    this.sqlite.exec(`PRAGMA busy_timeout = ${options.busyTimeoutMs}`);
    this.sqlite.exec("PRAGMA foreign_keys = ON");
    // In KiB. Twice as much was 3 MB more RSS for the same CPU: what is read again lies in the stores, or in the system's page cache.
    this.sqlite.exec("PRAGMA cache_size = -2000");
    this.sqlite.exec("PRAGMA journal_size_limit = 67108864");
    // Rows in use are written again and again: copied into the database once per 16 MiB of log instead of once per 4.
    this.sqlite.exec("PRAGMA wal_autocheckpoint = 4000");
    this.limit(options.maxBytes);
    this.requirePlace();
  }

  /** @throws {MisplacedError} when the file is not where it was: nothing may be acknowledged any more. */
  requirePlace(): void {
    this.#place.require();
  }

  /** Lets the file grow to `maxBytes`: past it SQLite itself refuses with SQLITE_FULL and rolls back. */
  limit(maxBytes: number): void {
    this.sqlite.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / PAGE_BYTES))}`);
  }

  all(sql: string, params: readonly SqlValue[]): RowTable {
    const prepared = this.#prepare(sql);
    // Raw: an object for each row, made property by property across the native border, costs as much as reading it.
    prepared.columns ??= prepared.statement
      .raw(true)
      .columns()
      .map(({ name }) => name);
    return { columns: prepared.columns, rows: prepared.statement.all(params) as unknown[][] };
  }

  /**
   * Runs many callers' statements in one transaction. Each caller is all or nothing: a failure undoes that caller's
   * statements only.
   */
  commitTogether(callers: readonly Iterable<Statement>[]): (Changes[] | Error)[] {
    this.#place.require();
    this.sqlite.exec("BEGIN IMMEDIATE");
    try {
      const results = callers.map((statements) => this.#runOne(statements));
      this.sqlite.exec("COMMIT");
      return results;
    } catch (error) {
      if (this.sqlite.inTransaction) this.sqlite.exec("ROLLBACK");
      throw error;
    }
  }

  sizeBytes(): number {
    return [this.#file, `${this.#file}-wal`].reduce(
      (sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  }

  close(): void {
    this.#prepared.clear();
    this.sqlite.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    this.sqlite.close();
  }

  #runOne(statements: Iterable<Statement>): Changes[] | Error {
    this.sqlite.exec("SAVEPOINT caller");
    try {
      const changes: Changes[] = [];
      for (const { sql, params } of statements)
        changes.push(Number(this.#prepare(sql).statement.run(params ?? []).changes));
      this.sqlite.exec("RELEASE caller");
      return changes;
    } catch (error) {
      // A full disk ends the whole transaction by itself; then no one's statements stand, and all must hear of it.
      if (!this.sqlite.inTransaction) throw error;
      this.sqlite.exec("ROLLBACK TO caller");
      this.sqlite.exec("RELEASE caller");
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known) return known;
    if (this.#prepared.size >= MAX_PREPARED) {
      const [oldest] = this.#prepared.keys();
      if (oldest !== undefined) this.#prepared.delete(oldest);
    }
    const prepared = { statement: this.sqlite.prepare(sql), columns: null };
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}
