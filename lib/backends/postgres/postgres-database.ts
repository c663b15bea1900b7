import type { Changes, ConnectionFigures, ServedDatabase, SqlValue, Statement } from "../../ports/database.ts";
import { AppError } from "../../shared/errors.ts";
import { type ConnectionOptions, Connections } from "./connections.ts";
import type { PgQuery } from "./pg-client.ts";
import { isBusy, isCut, isForAnother, toAppError } from "./sql-errors.ts";
import { StatementTexts } from "./statement-text.ts";
import { runTransaction } from "./transaction.ts";
import { sizeOfAll, WriteQueue } from "./write-queue.ts";

/** Reads that wait for a connection or an answer; past it callers are refused. */
export const MAX_READS = 32_768;
/** Of a transaction that was undone for another's sake. */
const ATTEMPTS = 5;
/** A look that takes longer says that the server does not respond. */
const LOOK_TIMEOUT_MS = 700;

export type PostgresOptions = ConnectionOptions;

/**
 * A Postgres database. Reads run side by side on a pool; writes go in the order in which they were sent, many in one transaction, on
 * a connection of their own. A read begins when the writes that were sent before it have ended, so that it sees them.
 */
export class PostgresDatabase implements ServedDatabase {
  readonly dialect = "postgres";
  readonly #reads: Connections;
  readonly #writes: Connections;
  /** One that no slow statement keeps busy. */
  readonly #looks: Connections;
  readonly #queue: WriteQueue;
  readonly #statementTimeoutMs: number;
  readonly #texts = new StatementTexts();
  /** Calls that are under way, to be refused together when the server stops answering. */
  readonly #pending = new Set<(fault: AppError) => void>();
  /** What the last look found, and what a watch of all answers says. */
  #away: AppError | null = null;
  #silence: AppError | null = null;
  #replies = 0;
  #closed: AppError | null = null;

  /** Connects with the first call. @param onError is told of connections that broke while nobody used them. */
  constructor(options: PostgresOptions, onError: (error: Error) => void = () => undefined) {
    this.#reads = new Connections({ ...options, maxConnections: Math.max(1, options.maxConnections - 2) }, onError);
    this.#writes = new Connections({ ...options, maxConnections: 1 }, onError);
    this.#looks = new Connections({ ...options, maxConnections: 1 }, onError);
    this.#statementTimeoutMs = options.statementTimeoutMs;
    this.#queue = new WriteQueue((statements) => this.#commit(statements));
  }

  /** What the server has answered so far. */
  get replies(): number {
    return this.#replies;
  }

  async all<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row[]> {
    this.#requireOpen();
    if (this.#pending.size >= MAX_READS)
      throw new AppError("overloaded", "Too many calls wait for the database. Retry later.", { retryAfterSeconds: 1 });
    const query = this.#texts.query(sql, params);
    return this.#answered(this.#read(query)) as Promise<Row[]>;
  }

  async write(statements: readonly Statement[]): Promise<Changes[]> {
    this.#requireOpen();
    if (statements.length === 0) return [];
    const queries = statements.map(({ sql, params }) => this.#texts.query(sql, params));
    return this.#answered(this.#queue.write(queries, sizeOfAll(statements)));
  }

  async sizeBytes(): Promise<number> {
    const [row] = await this.all<{ bytes: number }>(`SELECT pg_database_size(current_database()) AS "bytes"`);
    return row?.bytes ?? 0;
  }

  /**
   * Asks the server whether it is there and takes writes. While it does not, all calls are refused at once, also those under way.
   *
   * @throws {AppError} `storage-unavailable`, `storage-read-only`.
   */
  async requirePlace(): Promise<void> {
    try {
      await this.#look();
      this.#away = null;
    } catch (error) {
      const fault = toAppError(error);
      if (fault instanceof AppError && fault.code === "storage-unavailable") {
        this.#away = fault;
        this.#refuse(fault);
        // It answers: reads go on where only writes are refused, and the writes' own errors say so.
      } else if (!isBusy(error)) this.#away = null;
      throw fault;
    }
  }

  setSilent(silence: AppError | null): void {
    this.#silence = silence;
    if (silence) this.#refuse(silence);
  }

  async limit(): Promise<void> {
    // The server's disk is not ours to bound: it says itself when it is full.
  }

  followDeath(): void {
    // Nothing of it runs in this process but sockets, and the pool opens others.
  }

  async reopen(): Promise<void> {
    // As above.
  }

  /** Connections for reads, and the one for writes; the one that looks is not among them. */
  connections(): { reads: ConnectionFigures; writes: ConnectionFigures } {
    return { reads: this.#reads.figures(), writes: this.#writes.figures() };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = new AppError("storage-unavailable", "The database has been closed.");
    await this.#queue.settled();
    await Promise.all([this.#reads.close(), this.#writes.close(), this.#looks.close()]);
  }

  async #read(query: PgQuery): Promise<unknown[]> {
    await this.#queue.settled();
    try {
      return (await this.#reads.use((client) => client.query(query))).rows;
    } catch (error) {
      // A connection that broke while idle is noticed now; another one is as good, and a read may be repeated.
      if (!isCut(error) || isBusy(error) || this.#refusal() !== null) throw error;
      return (await this.#reads.use((client) => client.query(query))).rows;
    }
  }

  async #commit(statements: readonly PgQuery[]): Promise<Changes[]> {
    const { refusals } = this.#queue;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#writes.use((client) => {
          // Its callers have been told that it is not done, while a connection was opened or an attempt was undone.
          if (this.#queue.refusals !== refusals) throw new AppError("storage-unavailable", "Refused meanwhile.");
          return runTransaction(client, statements, this.#statementTimeoutMs);
        });
      } catch (error) {
        // Undone as a whole, so the same may be asked again.
        if (!isForAnother(error) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async #look(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const silence = new AppError("storage-unavailable", "The database does not respond.", { retryAfterSeconds: 1 });
      // After a stop of this process the answer may be there unread: it is read before the immediate runs.
      timer = setTimeout(() => setImmediate(() => reject(silence)), LOOK_TIMEOUT_MS);
      timer.unref();
    });
    try {
      const asked = this.#looks.use((client) => client.query({ text: `SELECT pg_is_in_recovery() AS "isReplica"` }));
      const { rows } = await Promise.race([asked, late]);
      const [row] = rows as { isReplica: boolean }[];
      if (row?.isReplica) throw new AppError("storage-read-only", "The database is a read-only replica.");
    } finally {
      clearTimeout(timer);
    }
  }

  /** The answer, or the refusal of all that wait when the server stops answering. */
  #answered<Value>(work: Promise<Value>): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      this.#pending.add(reject);
      work
        .then(
          (value) => {
            this.#replies++;
            resolve(value);
          },
          (error: unknown) => {
            if (!isCut(error)) this.#replies++;
            reject(toAppError(error));
          },
        )
        .finally(() => this.#pending.delete(reject));
    });
  }

  #refuse(fault: AppError): void {
    this.#queue.refuse(fault);
    for (const reject of this.#pending) reject(fault);
    this.#pending.clear();
  }

  #refusal(): AppError | null {
    return this.#closed ?? this.#away ?? this.#silence;
  }

  #requireOpen(): void {
    const refusal = this.#refusal();
    if (refusal) throw refusal;
  }
}
