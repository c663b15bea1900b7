import type { VectorRows } from "../../ports/vector-rows.ts";
import type { Clock } from "../../shared/clock.ts";
import type { Collection } from "./collection.ts";
import { RowBatch } from "./row-codec.ts";
import type { Turns } from "./turns.ts";
import type { VectorMemory } from "./vector-memory.ts";

const CHUNK_BYTES = 524_288;
const RETRY_MS = 30_000;

/**
 * Brings codes into memory after a restart, and after want of memory is over: only of collections that are searched, only into free memory,
 * one collection at a time.
 */
export class Warmer {
  readonly #rows: VectorRows;
  readonly #memory: VectorMemory;
  readonly #turns: Turns;
  readonly #clock: Clock;
  readonly #notBeforeMs = new WeakMap<Collection, number>();
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: { rows: VectorRows; memory: VectorMemory; turns: Turns; clock: Clock }) {
    this.#rows = parts.rows;
    this.#memory = parts.memory;
    this.#turns = parts.turns;
    this.#clock = parts.clock;
  }

  /** Asks for a collection; returns at once. */
  request(collection: Collection): void {
    const now = this.#clock.monotonicMs();
    if (collection.coded || (this.#notBeforeMs.get(collection) ?? 0) > now) return;
    this.#notBeforeMs.set(collection, Number.POSITIVE_INFINITY);
    this.#running = this.#running.then(async () => {
      try {
        await this.#warm(collection);
      } catch {
        // The disk did not answer: searches say so themselves, and the next one asks again.
      } finally {
        this.#notBeforeMs.set(collection, this.#clock.monotonicMs() + RETRY_MS);
      }
    });
  }

  /** Resolves when what was asked for is done. */
  idle(): Promise<void> {
    return this.#running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #warm(collection: Collection): Promise<void> {
    const limit = Math.max(16, Math.floor(CHUNK_BYTES / collection.format.rowBytes));
    for (let after = 0; !this.#closed && !collection.dropped && !collection.coded; ) {
      const guard = collection.guard();
      try {
        const points = await this.#rows.scan(collection.record.id, after, limit);
        const batch = new RowBatch(collection.format, points.rows.length, points.bytes);
        for (const [index, row] of points.rows.entries()) {
          if (this.#turns.spent) await this.#turns.breathe();
          // What was written meanwhile is newer in memory than in this chunk, or gone.
          if (collection.dropped || guard.written.has(row) || collection.memory.has(row)) continue;
          const payload = { id: points.ids[index] ?? "", metadata: points.metadata[index] ?? null };
          if (!this.#memory.warm(collection.memory, row, batch, index, payload)) return;
          collection.added(row);
        }
        if (points.rows.length < limit) return;
        after = points.rows.at(-1) ?? after;
      } finally {
        guard.release();
      }
    }
  }
}
