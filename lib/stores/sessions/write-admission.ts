import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { Quotas } from "../../ports/namespace-quotas.ts";
import { MIB } from "../../shared/bytes.ts";
import { AppError } from "../../shared/errors.ts";
import { recounted } from "../core/recounted.ts";
import type { StoreCounters } from "../core/store-counters.ts";
import type { Durability, GroupCommit } from "./group-commit.ts";
import type { MeasuredText } from "./measured-text.ts";
import type { Room, WriteQueue } from "./write-queue.ts";

/** The largest `data`, as JSON in UTF-8. */
export const MAX_DATA_BYTES = MIB;
export const PRESSURE_RETRIES = 5;

interface Parts {
  account: MemoryAccount;
  quotas: Quotas;
  counters: StoreCounters;
  queue: WriteQueue;
  commits: GroupCommit;
  durability(): Durability;
}

/** What every write passes: its size, room in the queue, and the acknowledgement when durability allows. */
export class WriteAdmission {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The data with their length, if so much can be kept. */
  measured(text: string): MeasuredText {
    const bytes = Buffer.byteLength(text);
    if (bytes <= MAX_DATA_BYTES && bytes < this.#parts.account.ceilingBytes) return { text, bytes };
    this.#parts.counters.reject();
    throw new AppError(
      "item-too-large",
      `The data takes ${bytes} bytes as JSON; the limit is ${MAX_DATA_BYTES} bytes.`,
    );
  }

  /** Runs `change` with room in the queue for `dataBytes`. */
  async withRoom<Result>(dataBytes: number, change: (room: Room) => Result | Promise<Result>): Promise<Result> {
    const room = await this.#parts.commits.reserve(dataBytes).catch((error: unknown) => {
      this.#parts.counters.reject();
      throw error;
    });
    try {
      return await change(room);
    } finally {
      this.#parts.queue.release(room);
    }
  }

  /**
   * Takes what the data grow by from the quota of the namespace, just before they change in memory.
   * @throws {AppError} quota-exceeded.
   */
  claim(namespace: string, bytes: number, items: number): void {
    const gate = this.#parts.quotas.of(namespace);
    if (gate !== null && !gate.claim({ bytes, items })) throw gate.exceeded();
  }

  /** Runs a change and acknowledges it when durability allows. Memory that only waits for a commit is waited for. */
  async acknowledged<Result>(namespace: string, change: () => Promise<Result>): Promise<Result> {
    const gate = this.#parts.quotas.of(namespace);
    let result: Result;
    for (let retries = PRESSURE_RETRIES; ; retries--) {
      try {
        result = await (gate === null ? change() : recounted(gate, change));
        break;
      } catch (error) {
        const short = error instanceof AppError && error.code === "memory-pressure";
        if (!short || retries === 0 || !this.#parts.queue.isWaiting) throw error;
        await this.#parts.commits.flush();
      }
    }
    await this.durable();
    return result;
  }

  async durable(): Promise<void> {
    if (this.#parts.durability() === "always") await this.#parts.commits.committed();
  }
}
