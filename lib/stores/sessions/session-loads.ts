import type { SessionRow, SessionRows } from "../../ports/session-rows.ts";
import { isSessionId } from "./id-index.ts";
import { notFound, pressure } from "./session-errors.ts";
import type { SessionMemory } from "./session-memory.ts";
import type { SpilledSessions } from "./spilled-sessions.ts";
import { usedAt } from "./used-at.ts";
import type { WriteQueue } from "./write-queue.ts";

export interface Visit<Result> {
  /** False for what only puts data in, such as an import: it asks for nothing, and counts as no look-up. */
  isLookup?: boolean;
  /** The session is in memory at this slot until `resident` returns. */
  resident(slot: number): Result;
  /** There is no memory to take it in: what can be done with its row alone. Without this the visitor is told to come again. */
  detached?(row: SessionRow): Result | Promise<Result>;
}

interface Options {
  rows: SessionRows;
  memory: SessionMemory;
  queue: WriteQueue;
  spilled: SpilledSessions;
}

type Visitor = (row: SessionRow | null, error: unknown) => void;

/**
 * Brings a session to its visitors: at once when it is in memory, else with one read of the database for all who ask for it
 * meanwhile. They are called one after another as soon as it is in memory, before anything can push it out again.
 */
export class SessionLoads {
  readonly #options: Options;
  readonly #loading = new Map<string, Visitor[]>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** @throws {AppError} not-found, memory-pressure, storage-unavailable, and what the visit throws. */
  async visit<Result>(namespace: string, id: string, visit: Visit<Result>): Promise<Result> {
    const { memory } = this.#options;
    const slot = memory.find(id);
    if (slot >= 0) {
      if (visit.isLookup !== false) memory.counters.hit();
      return this.#show(namespace, slot, visit);
    }
    if (visit.isLookup !== false) memory.counters.miss();
    if (!isSessionId(id)) throw notFound();
    return new Promise((resolve, reject) => {
      this.#join(id, (row, error) => {
        try {
          if (error !== null) throw error;
          resolve(this.#meet(namespace, id, row, visit));
        } catch (reason) {
          reject(reason);
        }
      });
    });
  }

  /** A live session as the database has it or is about to, without a use of it; null when it is gone. */
  async peek(id: string): Promise<SessionRow | null> {
    const row = await this.#newest(id);
    // Its deletion may have been acknowledged while its row was read.
    return this.#options.queue.latest(id)?.kind === "delete" ? null : row;
  }

  #join(id: string, visitor: Visitor): void {
    const visitors = this.#loading.get(id);
    if (visitors) visitors.push(visitor);
    else {
      this.#loading.set(id, [visitor]);
      void this.#load(id);
    }
  }

  async #load(id: string): Promise<void> {
    let row: SessionRow | null = null;
    let failure: unknown = null;
    try {
      row = await this.#newest(id);
      if (row) this.#restore(row);
    } catch (error) {
      failure = error;
    }
    const visitors = this.#loading.get(id) ?? [];
    this.#loading.delete(id);
    for (const visitor of visitors) visitor(row, failure);
  }

  /** The session as the database has it or is about to. */
  async #newest(id: string): Promise<SessionRow | null> {
    const { queue, rows, memory } = this.#options;
    const change = queue.latest(id);
    if (change?.kind === "delete") return null;
    const row = change?.kind === "put" ? change.row : await rows.get(id);
    if (!row) return null;
    const nowMs = memory.nowMs();
    const queuedMs = change?.kind === "use" ? change.lastUsedAtMs : 0;
    const slot = memory.find(id);
    const inMemoryMs = slot < 0 ? 0 : memory.table.lastUsedAtMs(slot);
    const usedAtMs = Math.max(row.lastUsedAtMs, queuedMs, inMemoryMs);
    // A row from before the clock was set back must not live longer than its timeout from now.
    const lastUsedAtMs = Math.min(usedAtMs, nowMs);
    return lastUsedAtMs + row.idleTimeoutMs <= nowMs ? null : usedAt(row, lastUsedAtMs);
  }

  #restore(row: SessionRow): void {
    const { memory, spilled } = this.#options;
    // An import may have made it again while its expired row was read.
    if (memory.find(row.id) < 0 && memory.insert(row.id, row, row.data) >= 0) spilled.taken();
  }

  #meet<Result>(namespace: string, id: string, row: SessionRow | null, visit: Visit<Result>): Result | Promise<Result> {
    const slot = this.#options.memory.find(id);
    if (slot >= 0) return this.#show(namespace, slot, visit);
    // Gone from the database, or deleted by the visitor before this one.
    if (!row || row.namespace !== namespace || this.#options.queue.latest(id)?.kind === "delete") throw notFound();
    if (visit.detached) return visit.detached(row);
    throw pressure();
  }

  #show<Result>(namespace: string, slot: number, visit: Visit<Result>): Result {
    if (!this.#options.memory.table.isIn(slot, namespace)) throw notFound();
    return visit.resident(slot);
  }
}
