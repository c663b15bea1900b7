import type { SessionPosition, SessionRowSummary, SessionRows } from "../../ports/session-rows.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { SessionLoads } from "./session-loads.ts";
import type { SessionMemory } from "./session-memory.ts";
import { ROW_GRACE_MS } from "./session-upkeep.ts";
import { type SessionText, type SessionView, viewOfRow, viewOfSlot } from "./session-view.ts";

/** Sessions that an export lists at a time. */
const PEEKED_AT_ONCE = 100;

export interface SessionPage {
  views: SessionView[];
  /** Where the list goes on; null at its end. */
  next: SessionPosition | null;
}

interface Shown {
  rows: SessionRowSummary[];
  next: SessionPosition | null;
}

interface Parts {
  rows: SessionRows;
  memory: SessionMemory;
  commits: GroupCommit;
  loads: SessionLoads;
}

/** Looks at many sessions, which counts as no use of any. */
export class SessionListing {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Live sessions with their data, the newest first, each as it is when its turn comes. This is no use of them. */
  async *peekAll(namespace: string): AsyncGenerator<SessionText> {
    let next: SessionPosition | null = null;
    do {
      const page: Shown = await this.#page(namespace, next, PEEKED_AT_ONCE);
      for (const { id } of page.rows) {
        // The page may be old by now: the version must be that of the data, and what was deleted since is not told.
        const row = await this.#parts.loads.peek(id);
        if (row) yield { view: viewOfRow(row, row.data.length), text: Buffer.from(row.data).toString() };
      }
      next = page.next;
    } while (next !== null);
  }

  /** Live sessions, the newest first; what is in memory is newer than its row. `next` is where the list goes on. */
  async list(namespace: string, after: SessionPosition | null, limit: number): Promise<SessionPage> {
    const { memory } = this.#parts;
    const { rows, next } = await this.#page(namespace, after, limit);
    const nowMs = memory.nowMs();
    const views = rows.map((row) => {
      const slot = memory.find(row.id);
      return slot < 0 ? viewOfRow(row, row.bytes) : viewOfSlot(memory, slot, row.ownId ?? row.id);
    });
    return { views: views.filter((view) => view.expiresAtMs > nowMs), next };
  }

  async #page(namespace: string, after: SessionPosition | null, limit: number): Promise<Shown> {
    const { memory, rows: table, commits } = this.#parts;
    await commits.flush();
    const rows = await table.list(namespace, { after, limit: limit + 1, atMs: memory.nowMs() - ROW_GRACE_MS });
    const shown = rows.slice(0, limit);
    return { rows: shown, next: rows.length > limit ? (shown.at(-1) ?? null) : null };
  }
}
