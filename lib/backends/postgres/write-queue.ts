import type { Changes, SqlValue, Statement } from "../../ports/database.ts";
import { AppError } from "../../shared/errors.ts";
import type { PgQuery } from "./pg-client.ts";
import { isCut } from "./sql-errors.ts";

/** Bytes of one transaction of many callers, and how many they are. */
export const MAX_GROUP_BYTES = 8 * 1024 * 1024;
export const MAX_GROUP_CALLERS = 1_000;
/** Bytes that callers wait with, and how many they are; past it they are refused. */
export const MAX_WAITING_BYTES = 64 * 1024 * 1024;
export const MAX_WAITING = 32_768;

interface Caller {
  statements: readonly PgQuery[];
  bytes: number;
  resolve: (changes: Changes[]) => void;
  reject: (error: unknown) => void;
}

const sizeOf = (value: SqlValue): number =>
  typeof value === "string" ? value.length * 2 : ((value as Uint8Array | null)?.byteLength ?? 8);

export function sizeOfAll(statements: readonly Statement[]): number {
  let bytes = 0;
  for (const { params = [] } of statements) {
    bytes += 64;
    for (const value of params) bytes += sizeOf(value);
  }
  return bytes;
}

/**
 * A node's writes, in the order in which they were sent. Those that arrive while a commit is under way share the next one: many
 * callers, one round trip and one flush. A caller that fails takes nobody along: the others are then written one by one.
 */
export class WriteQueue {
  readonly #commit: (statements: readonly PgQuery[]) => Promise<Changes[]>;
  #waiting: Caller[] = [];
  #waitingBytes = 0;
  #isRunning = false;
  /** Of the write that was sent last; null when it has ended. */
  #last: Promise<unknown> | null = null;
  #refusals = 0;

  constructor(commit: (statements: readonly PgQuery[]) => Promise<Changes[]>) {
    this.#commit = commit;
  }

  /** @throws {AppError} overloaded, when too much waits. */
  write(statements: readonly PgQuery[], bytes: number): Promise<Changes[]> {
    const isTooMuch = this.#waitingBytes > 0 && this.#waitingBytes + bytes > MAX_WAITING_BYTES;
    if (isTooMuch || this.#waiting.length >= MAX_WAITING)
      throw new AppError("overloaded", "Too many calls wait for the database. Retry later.", { retryAfterSeconds: 1 });
    this.#waitingBytes += bytes;
    const written = new Promise<Changes[]>((resolve, reject) => {
      this.#waiting.push({ statements, bytes, resolve, reject });
    });
    const ended = written
      .catch(() => undefined)
      .then(() => {
        if (this.#last === ended) this.#last = null;
      });
    this.#last = ended;
    if (!this.#isRunning) void this.#run();
    return written;
  }

  /** Resolves when all that were sent before have ended; null when none is under way. */
  settled(): Promise<unknown> | null {
    return this.#last;
  }

  /** How often callers have been refused: what was begun before that is not begun again. */
  get refusals(): number {
    return this.#refusals;
  }

  /** Refuses what has not been sent yet: nothing of it is written later, when its callers have been told. */
  refuse(error: unknown): void {
    this.#refusals++;
    this.#waitingBytes = 0;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // What is sent in one turn of the loop belongs together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#commitTogether(this.#takeGroup());
    this.#isRunning = false;
  }

  #takeGroup(): Caller[] {
    let bytes = 0;
    let count = 0;
    for (const caller of this.#waiting) {
      if (count > 0 && (bytes + caller.bytes > MAX_GROUP_BYTES || count >= MAX_GROUP_CALLERS)) break;
      bytes += caller.bytes;
      count++;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  async #commitTogether(group: readonly Caller[]): Promise<void> {
    const [only] = group;
    if (group.length === 1 && only) return this.#commitOne(only);
    const refusals = this.#refusals;
    try {
      const changes = await this.#commit(group.flatMap(({ statements }) => statements));
      let at = 0;
      for (const { statements, resolve } of group) {
        resolve(changes.slice(at, at + statements.length));
        at += statements.length;
      }
    } catch (error) {
      for (const caller of group) {
        // Whether it is done is not known, or it was told that it is not: nobody's may be repeated.
        if (isCut(error) || this.#refusals !== refusals) caller.reject(error);
        else await this.#commitOne(caller);
      }
    }
  }

  async #commitOne({ statements, resolve, reject }: Caller): Promise<void> {
    try {
      resolve(await this.#commit(statements));
    } catch (error) {
      reject(error);
    }
  }
}
