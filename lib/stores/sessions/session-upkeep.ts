import type { Yielder } from "../../ports/bounded-store.ts";
import type { SessionRows } from "../../ports/session-rows.ts";
import type { Clock } from "../../shared/clock.ts";
import type { DueUses } from "./due-uses.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { SessionMemory } from "./session-memory.ts";
import type { SpilledSessions } from "./spilled-sessions.ts";

const TICK_MS = 250;
/** Rows are deleted this long after their time was up: a last use that is on its way to them arrives before. */
export const ROW_GRACE_MS = 60_000;
const ROWS_PER_SWEEP = 2_000;

export interface SessionUpkeepParts {
  rows: SessionRows;
  clock: Clock;
  memory: SessionMemory;
  uses: DueUses;
  commits: GroupCommit;
  spilled: SpilledSessions;
  packing: boolean;
}

/** What the pool does by itself: saving last uses, packing what is idle, removing what has expired. */
export class SessionUpkeep {
  readonly #parts: SessionUpkeepParts;
  #cancelTick: (() => void) | null = null;
  #isPacking = false;

  constructor(parts: SessionUpkeepParts) {
    this.#parts = parts;
  }

  /** Counts what the database holds, and begins. */
  async start(): Promise<void> {
    await this.#recount();
    this.#cancelTick = this.#parts.clock.every(TICK_MS, () => void this.tick());
  }

  /** Saves everything, and ends. */
  async close(): Promise<void> {
    this.#cancelTick?.();
    this.#cancelTick = null;
    const { uses, commits } = this.#parts;
    do {
      uses.demand();
      await commits.flush();
    } while (uses.waiting > 0 && commits.failure === null);
    commits.stop();
  }

  /** Packs what is idle and saves last uses; runs four times a second. */
  async tick(): Promise<void> {
    const { memory, uses, commits, packing } = this.#parts;
    if (uses.tick()) void commits.flush();
    if (!packing || this.#isPacking) return;
    this.#isPacking = true;
    try {
      await memory.packIdle(Math.max(16, Math.ceil(memory.table.values.unpackedItems / 20)));
    } finally {
      this.#isPacking = false;
    }
  }

  /** Removes what has expired, in memory and in the database; returns how many. */
  async sweep(yielder: Yielder): Promise<number> {
    const { memory, rows, commits } = this.#parts;
    const removed = await memory.sweep(yielder);
    const untilMs = memory.nowMs() - ROW_GRACE_MS;
    await commits.flush();
    // While uses cannot be saved, a row may look older than its session is.
    if (commits.failure !== null) return removed;
    const deleted = await rows.expire(untilMs, ROWS_PER_SWEEP);
    memory.counters.removed("expired", deleted);
    await this.#recount();
    return removed + deleted;
  }

  async #recount(): Promise<void> {
    const { memory, rows, spilled } = this.#parts;
    spilled.counted((await rows.count(memory.nowMs())) - memory.items);
  }
}
