import type { SessionRow, SessionRows } from "../../ports/session-rows.ts";
import { isSessionId } from "./id-index.ts";
import { ownKeyOf } from "./own-id.ts";
import { notFound, pressure } from "./session-errors.ts";
import type { SessionMemory } from "./session-memory.ts";
import { expiryOf } from "./session-terms.ts";
import { fieldsOf } from "./session-view.ts";
import type { SpilledSessions } from "./spilled-sessions.ts";
import { usedAt } from "./used-at.ts";
import type { WriteQueue } from "./write-queue.ts";

export interface Visit<Result> {
  /**
   * Of what only puts data in, such as an import: it asks for nothing and counts as no look-up. It knows whether the id was
   * made here or is the caller's own.
   */
  only?: "made" | "own" | undefined;
  /** The session is in memory at this slot, under this key, until `resident` returns. */
  resident(slot: number, key: string): Result;
  /** There is no memory to take it in: what can be done with its row alone. Without this the visitor is told to come again. */
  detached?(row: SessionRow): Result | Promise<Result>;
}

interface Options {
  rows: SessionRows;
  memory: SessionMemory;
  queue: WriteQueue;
  spilled: SpilledSessions;
}

/** Where a session may be: under its own id when that was made here, else under the key of the caller's. */
interface Place {
  namespace: string;
  key: string;
  isOwn: boolean;
}

type Visitor = (row: SessionRow | null, error: unknown) => void;

const ABSENT = Symbol("no session is there");

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
    const { only } = visit;
    const slot = only === "own" ? -1 : memory.find(id);
    if (slot >= 0 && this.#isAt(slot, namespace, false)) {
      if (only === undefined) memory.counters.hit();
      return visit.resident(slot, id);
    }
    const ownKey = only === "made" ? null : ownKeyOf(namespace, id);
    const ownSlot = ownKey === null ? -1 : memory.find(ownKey);
    if (ownKey !== null && ownSlot >= 0) {
      if (only === undefined) memory.counters.hit();
      return visit.resident(ownSlot, ownKey);
    }
    if (only === undefined) memory.counters.miss();
    const mayBeMade = only !== "own" && isSessionId(id);
    const found = mayBeMade ? await this.#load({ namespace, key: id, isOwn: false }, visit) : ABSENT;
    if (found !== ABSENT) return found;
    const own = ownKey === null ? ABSENT : await this.#load({ namespace, key: ownKey, isOwn: true }, visit);
    if (own === ABSENT) throw notFound();
    return own;
  }

  /** As `visit`, but brings nothing into memory and counts as no look-up. @throws {AppError} not-found. */
  async look<Result>(namespace: string, id: string, visit: Required<Omit<Visit<Result>, "only">>): Promise<Result> {
    const ownKey = ownKeyOf(namespace, id);
    for (const [key, isOwn] of [
      [isSessionId(id) ? id : null, false],
      [ownKey, true],
    ] as const) {
      if (key === null) continue;
      const slot = this.#options.memory.find(key);
      if (slot >= 0 && this.#isAt(slot, namespace, isOwn)) return visit.resident(slot, key);
      const row = slot >= 0 ? null : await this.peek(key);
      if (row?.namespace === namespace && (row.ownId !== null) === isOwn) return visit.detached(row);
    }
    throw notFound();
  }

  /** A live session as the database has it or is about to, without a use of it; null when it is gone. */
  async peek(key: string): Promise<SessionRow | null> {
    const row = await this.#newest(key);
    // Its deletion may have been acknowledged while its row was read.
    return this.#options.queue.latest(key)?.kind === "delete" ? null : row;
  }

  #load<Result>(place: Place, visit: Visit<Result>): Promise<Result | typeof ABSENT> {
    return new Promise((resolve, reject) => {
      this.#join(place.key, (row, error) => {
        try {
          if (error !== null) throw error;
          resolve(this.#meet(place, row, visit));
        } catch (reason) {
          reject(reason);
        }
      });
    });
  }

  #join(key: string, visitor: Visitor): void {
    const visitors = this.#loading.get(key);
    if (visitors) visitors.push(visitor);
    else {
      this.#loading.set(key, [visitor]);
      void this.#read(key);
    }
  }

  async #read(key: string): Promise<void> {
    let row: SessionRow | null = null;
    let failure: unknown = null;
    try {
      // What was ended while its row was read must not come back to memory.
      row = await this.peek(key);
      if (row) this.#restore(row);
    } catch (error) {
      failure = error;
    }
    const visitors = this.#loading.get(key) ?? [];
    this.#loading.delete(key);
    for (const visitor of visitors) visitor(row, failure);
  }

  /** The session as the database has it or is about to. */
  async #newest(key: string): Promise<SessionRow | null> {
    const { queue, rows, memory } = this.#options;
    const change = queue.latest(key);
    if (change?.kind === "delete") return null;
    const row = change?.kind === "put" ? change.row : await rows.get(key);
    if (!row) return null;
    const nowMs = memory.nowMs();
    const queuedMs = change?.kind === "use" ? change.lastUsedAtMs : 0;
    const slot = memory.find(key);
    const inMemoryMs = slot < 0 ? 0 : memory.table.lastUsedAtMs(slot);
    const usedAtMs = Math.max(row.lastUsedAtMs, queuedMs, inMemoryMs);
    // A row from before the clock was set back must not live longer than its timeout from now.
    const lastUsedAtMs = Math.min(usedAtMs, nowMs);
    const newest = usedAt(row, lastUsedAtMs);
    return expiryOf(newest) <= nowMs ? null : newest;
  }

  #restore(row: SessionRow): void {
    const { memory, spilled } = this.#options;
    // An import may have made it again while its expired row was read.
    if (memory.find(row.id) < 0 && memory.insert(row.id, fieldsOf(row), row.data) >= 0) spilled.taken();
  }

  #meet<Result>(
    { namespace, key, isOwn }: Place,
    row: SessionRow | null,
    visit: Visit<Result>,
  ): Result | typeof ABSENT | Promise<Result> {
    const slot = this.#options.memory.find(key);
    if (slot >= 0) return this.#isAt(slot, namespace, isOwn) ? visit.resident(slot, key) : ABSENT;
    // Gone from the database, or deleted by the visitor before this one.
    if (!row || row.namespace !== namespace || (row.ownId !== null) !== isOwn) return ABSENT;
    if (this.#options.queue.latest(key)?.kind === "delete") return ABSENT;
    if (visit.detached) return visit.detached(row);
    throw pressure();
  }

  /** A key that was made of a caller's id is nobody's id. */
  #isAt(slot: number, namespace: string, isOwn: boolean): boolean {
    const { table } = this.#options.memory;
    return table.isOwn(slot) === isOwn && table.isIn(slot, namespace);
  }
}
