import type { Worker } from "node:worker_threads";
import type { Changes, ServedDatabase, SqlValue, Statement } from "../../ports/database.ts";
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
/** Bytes of statements that callers wait with; past it they are refused. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** Commands that the thread has not answered; past it callers are refused. */
const MAX_COMMANDS = 32_768;
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
  const isLasting = failure.code === "storage-full" || failure.code === "conflict";
  return new AppError(failure.code, failure.message, isLasting ? {} : { retryAfterSeconds: 1 });
}

/** The main thread's end of the database thread. */
export class DatabaseClient implements ServedDatabase {
  readonly dialect = "sqlite";
  readonly #entry: URL;
  readonly #options: DatabaseOptions;
  #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #buffers = new BufferPool(SPARE_BYTES);
  #nextId = 1;
  #queuedBytes = 0;
  #waitingBytes = 0;
  #waiters: { bytes: number; wake: () => void }[] = [];
  #replies = 0;
  #ended: Error | null = null;
  #silence: AppError | null = null;
  #onDeath: (cause: Error) => void = () => undefined;

  private constructor(entry: URL, options: DatabaseOptions, worker: Worker) {
    this.#entry = entry;
    this.#options = options;
    this.#worker = worker;
    this.#listen(worker);
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
    const { worker, migrated, quarantined, begun } = await openThread(entry, options);
    return { database: new DatabaseClient(entry, options, worker), migrated, quarantined, begun };
  }

  /** What the thread has answered so far: while it grows, the thread works, however long its queue is. */
  get replies(): number {
    return this.#replies;
  }

  connections(): null {
    return null;
  }

  /** Calls `tell` when the thread has died: it threw, or its heap was full. Everyone who waited has been refused by then. */
  followDeath(tell: (cause: Error) => void): void {
    this.#onDeath = tell;
  }

  /**
   * Opens the database on a new thread after the death of the last, so that what waits in memory can be written before the process
   * ends. What the dead thread had not committed is undone by SQLite.
   */
  async reopen(): Promise<void> {
    const { worker } = await openThread(this.#entry, this.#options);
    this.#worker = worker;
    this.#ended = null;
    this.#listen(worker);
  }

  /**
   * While the thread is silent nothing more is sent to it: callers are refused at once, also those who wait for room. What was sent
   * may still be done, so its callers keep waiting for the truth. Null: it responds again.
   */
  setSilent(silence: AppError | null): void {
    this.#silence = silence;
    if (silence !== null) for (const { wake } of this.#waiters.splice(0)) wake();
  }

  async all<Row>(sql: string, params: readonly SqlValue[] = []): Promise<Row[]> {
    return toRows<Row>(await this.#ask<RowTable>({ kind: "all", sql, params }));
  }

  async write(statements: readonly Statement[]): Promise<Changes[]> {
    if (statements.length === 0) return [];
    const bytes = sizeOfAll(statements);
    while (this.#queuedBytes > 0 && this.#queuedBytes + bytes > MAX_QUEUED_BYTES) await this.#roomMade(bytes);
    this.#queuedBytes += bytes;
    try {
      const blobBytes = bytesIn(statements);
      const packed = packStatements(statements, blobBytes === 0 ? null : this.#buffers.acquire(blobBytes));
      return await this.#ask<Changes[]>({ kind: "write", packed }, packed.bytes ? [packed.bytes] : []);
    } finally {
      this.#queuedBytes -= bytes;
      this.#wakeThoseThatFit();
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

  async #roomMade(bytes: number): Promise<void> {
    const refusal = this.#ended ?? this.#silence;
    if (refusal) throw refusal;
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > MAX_WAITING_BYTES) throw tooMany();
    this.#waitingBytes += bytes;
    try {
      await new Promise<void>((wake) => this.#waiters.push({ bytes, wake }));
    } finally {
      this.#waitingBytes -= bytes;
    }
  }

  /** All that fit, in their order: what is written together is committed together. */
  #wakeThoseThatFit(): void {
    let queued = this.#queuedBytes;
    for (let next = this.#waiters[0]; next; next = this.#waiters[0]) {
      if (queued > 0 && queued + next.bytes > MAX_QUEUED_BYTES) return;
      this.#waiters.shift();
      queued += next.bytes;
      next.wake();
    }
  }

  #ask<Value>(command: Unnumbered, moved: ArrayBuffer[] = []): Promise<Value> {
    if (this.#ended) return Promise.reject(this.#ended);
    const isOurs = command.kind === "place" || command.kind === "close";
    if (this.#silence !== null && !isOurs) return Promise.reject(this.#silence);
    if (this.#pending.size >= MAX_COMMANDS && !isOurs) return Promise.reject(tooMany());
    const id = this.#nextId++;
    return new Promise<Value>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#worker.postMessage({ id, ...command } as Command, moved);
    });
  }

  #settle(reply: Reply): void {
    this.#replies += 1;
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.bytes) this.#buffers.release(reply.bytes);
    if (reply.ok) pending?.resolve(reply.value);
    else pending?.reject(toError(reply.failure));
  }

  #listen(worker: Worker): void {
    worker.on("message", (message: Reply | Opened) => {
      if ("id" in message) this.#settle(message);
    });
    worker.on("error", (error) => this.#end(worker, error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", (code) => this.#end(worker, new Error(`the thread exited with ${code}`)));
  }

  #end(worker: Worker, cause: Error): void {
    if (worker !== this.#worker) return;
    const isUnexpected = this.#ended === null;
    this.#ended ??= new AppError("storage-unavailable", "The database thread has ended.", {
      retryAfterSeconds: 5,
      cause,
    });
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
    for (const { wake } of this.#waiters.splice(0)) wake();
    if (isUnexpected) this.#onDeath(cause);
  }
}

const tooMany = () =>
  new AppError("overloaded", "Too many calls wait for the database. Retry later.", { retryAfterSeconds: 1 });

async function openThread(entry: URL, options: DatabaseOptions) {
  const worker = startThread(entry, { ...HEAP, workerData: options });
  const opened = await new Promise<Opened>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) =>
      reject(new Error(`the database thread exited with ${code} before it opened the file`)),
    );
  });
  if (!opened.opened) throw new StartError(opened.failure.message);
  const { migrated, quarantined, begun } = opened;
  return { worker, migrated, quarantined, begun };
}
