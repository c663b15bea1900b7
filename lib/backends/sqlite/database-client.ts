import type { Worker } from "node:worker_threads";
import type { Changes, Database, SqlValue, Statement } from "../../ports/database.ts";
import { BufferPool } from "../../shared/buffer-pool.ts";
import { AppError, StartError } from "../../shared/errors.ts";
import { startThread } from "../start-thread.ts";
import type { Command, DatabaseOptions, Failure, Opened, Reply } from "./messages.ts";
import { bytesIn, packStatements } from "./packed-statements.ts";
import { type RowTable, toRows } from "./row-table.ts";

interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

type Unnumbered = Command extends infer C ? (C extends Command ? Omit<C, "id"> : never) : never;

/** The thread keeps nothing: what it allocates is garbage with the next command. */
const HEAP = { semiSpaceMb: 2, oldSpaceMb: 128 };
/** Bytes of statements sent and not yet on disk; past it callers wait. */
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;
/** A commit of sessions takes up to a megabyte: two of these, or many small ones. */
const SPARE_BYTES = 2 * 1024 * 1024;

const sizeOf = (value: SqlValue): number =>
  typeof value === "string" ? value.length * 2 : ((value as Uint8Array | null)?.byteLength ?? 8);
const sizeOfAll = (statements: readonly Statement[]): number =>
  statements.reduce(
    (sum, { params }) => sum + 64 + (params ?? []).reduce<number>((bytes, value) => bytes + sizeOf(value), 0),
    0,
  );

function toError(failure: Failure): Error {
  if (!failure.code) return new Error(`database: ${failure.message}`);
  return new AppError(
    failure.code,
    failure.message,
    failure.code === "storage-full" ? {} : { headers: { "Retry-After": "1" } },
  );
}

/** The main thread's end of the database thread. */
export class DatabaseClient implements Database {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #buffers = new BufferPool(SPARE_BYTES);
  #nextId = 1;
  #queuedBytes = 0;
  #waiters: (() => void)[] = [];
  #ended: Error | null = null;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (message: Reply | Opened) => {
      if ("id" in message) this.#settle(message);
    });
    worker.on("error", (error) => this.#end(error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", () => this.#end(new AppError("storage-unavailable", "The database thread has ended.")));
  }

  /**
   * Starts the thread, opens the file and applies missing migrations. A damaged database of ours is moved aside first.
   *
   * @param entry the thread's module: `workerEntry("database")`.
   * @throws {Error} when the file cannot be opened or migrated.
   */
  static async open(
    entry: URL,
    options: DatabaseOptions,
  ): Promise<{ database: DatabaseClient; migrated: string[]; quarantined: string | null; begun: boolean }> {
    const worker = startThread(entry, { ...HEAP, workerData: options });
    const opened = await new Promise<Opened>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    if (!opened.opened) throw new StartError(opened.failure.message);
    const { migrated, quarantined, begun } = opened;
    return { database: new DatabaseClient(worker), migrated, quarantined, begun };
  }

  async all<Row>(sql: string, params: readonly SqlValue[] = []): Promise<Row[]> {
    return toRows<Row>(await this.#ask<RowTable>({ kind: "all", sql, params }));
  }

  async write(statements: readonly Statement[]): Promise<Changes[]> {
    if (statements.length === 0) return [];
    const bytes = sizeOfAll(statements);
    while (this.#queuedBytes > 0 && this.#queuedBytes + bytes > MAX_QUEUED_BYTES) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
    this.#queuedBytes += bytes;
    try {
      const blobBytes = bytesIn(statements);
      const packed = packStatements(statements, blobBytes === 0 ? null : this.#buffers.acquire(blobBytes));
      return await this.#ask<Changes[]>({ kind: "write", packed }, packed.bytes ? [packed.bytes] : []);
    } finally {
      this.#queuedBytes -= bytes;
      this.#waiters.shift()?.();
    }
  }

  /** @throws {AppError} `storage-unavailable` when the file was moved, deleted or replaced: writes are refused until it is back. */
  async requirePlace(): Promise<void> {
    await this.#ask({ kind: "place" });
  }

  sizeBytes(): Promise<number> {
    return this.#ask({ kind: "size" });
  }

  async limit(maxBytes: number): Promise<void> {
    await this.#ask({ kind: "limit", maxBytes });
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    const closed = this.#ask({ kind: "close" });
    this.#ended = new AppError("storage-unavailable", "The database has been closed.");
    await closed;
    await this.#worker.terminate();
  }

  #ask<Value>(command: Unnumbered, moved: ArrayBuffer[] = []): Promise<Value> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    return new Promise<Value>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#worker.postMessage({ id, ...command } as Command, moved);
    });
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.bytes) this.#buffers.release(reply.bytes);
    if (reply.ok) pending?.resolve(reply.value);
    else pending?.reject(toError(reply.failure));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
    for (const wake of this.#waiters.splice(0)) wake();
  }
}
