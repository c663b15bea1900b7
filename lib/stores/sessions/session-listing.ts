import type {
  SessionOrder,
  SessionPosition,
  SessionRowSummary,
  SessionRows,
  SessionSelection,
  SessionTally,
  SortedPosition,
} from "../../ports/session-rows.ts";
import type {
  SessionLists,
  SessionPage,
  SessionText,
  SessionView,
  SortedSessionPage,
} from "../../ports/session-store.ts";
import type { DueUses } from "./due-uses.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { SessionLoads } from "./session-loads.ts";
import type { SessionMemory } from "./session-memory.ts";
import { ROW_GRACE_MS } from "./session-upkeep.ts";
import { viewOfRow, viewOfSlot } from "./session-view.ts";

/** Sessions that an export or a removal lists at a time. */
const LISTED_AT_ONCE = 100;

interface Query {
  after: SessionPosition | null;
  limit: number;
  which: SessionSelection;
}

const ALL: SessionSelection = {};

interface Shown {
  rows: SessionRowSummary[];
  next: SessionPosition | null;
}

interface Parts {
  rows: SessionRows;
  memory: SessionMemory;
  commits: GroupCommit;
  loads: SessionLoads;
  uses: DueUses;
}

function figureOf(row: SessionRowSummary, sort: SessionOrder["sort"]): number {
  if (sort === "bytes") return row.bytes;
  return sort === "lastUsedAt" ? row.lastUsedAtMs : row.createdAtMs;
}

/** Looks at many sessions, which counts as no use of any. */
export class SessionListing implements SessionLists {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Live sessions with their data, the newest first, each as it is when its turn comes. This is no use of them. */
  async *peekAll(namespace: string): AsyncGenerator<SessionText> {
    for await (const { id } of this.rows(namespace, ALL)) {
      // The page may be old by now: the version must be that of the data, and what was deleted since is not told.
      const row = await this.#parts.loads.peek(id);
      if (row) yield { view: viewOfRow(row, row.data.length), text: Buffer.from(row.data).toString() };
    }
  }

  /** The rows of these sessions, the newest first, each session that lives throughout once. */
  async *rows(namespace: string, which: SessionSelection): AsyncGenerator<SessionRowSummary> {
    let after: SessionPosition | null = null;
    do {
      const page: Shown = await this.#page(namespace, { after, limit: LISTED_AT_ONCE, which });
      yield* page.rows;
      after = page.next;
    } while (after !== null);
  }

  /** Live sessions, the newest first; what is in memory is newer than its row. `next` is where the list goes on. */
  async list(namespace: string, after: SessionPosition | null, limit: number, which = ALL): Promise<SessionPage> {
    const { rows, next } = await this.#page(namespace, { after, limit, which });
    return { views: this.#live(rows), next };
  }

  /**
   * The same in an order by size or time. Pages go on after a figure, so that a session that stays as it is comes once,
   * whatever becomes of others; one whose figure changes meanwhile may move past the place.
   */
  async listSorted(
    namespace: string,
    query: SessionSelection & SessionOrder & { after: SortedPosition | null; limit: number },
  ): Promise<SortedSessionPage> {
    const { commits, memory, rows: table, uses } = this.#parts;
    const { prefix, tag, sort, order, after, limit } = query;
    // The order is of the last uses as they are now.
    uses.demand();
    await commits.flush();
    const atMs = memory.nowMs() - ROW_GRACE_MS;
    const rows = await table.listSorted(namespace, { prefix, tag, sort, order, after, limit: limit + 1, atMs });
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    return { views: this.#live(shown), next: last ? [figureOf(last, sort), last.id] : null };
  }

  #live(rows: readonly SessionRowSummary[]): SessionView[] {
    const { memory } = this.#parts;
    const nowMs = memory.nowMs();
    const views = rows.map((row) => {
      const slot = memory.find(row.id);
      return slot < 0 ? viewOfRow(row, row.bytes) : viewOfSlot(memory, slot, row.ownId ?? row.id);
    });
    return views.filter((view) => view.expiresAtMs > nowMs);
  }

  /** How many of these sessions there are, and what their data come to. */
  async tally(namespace: string, { prefix, tag }: SessionSelection): Promise<SessionTally> {
    const { commits, memory, rows, uses } = this.#parts;
    // A last use that is not in the rows yet would let a session look over.
    uses.demand();
    await commits.flush();
    return rows.tally(namespace, { atMs: memory.nowMs(), prefix, tag });
  }

  async #page(namespace: string, query: Query): Promise<Shown> {
    const { memory, rows: table, commits } = this.#parts;
    const { after, limit, which } = query;
    const { prefix, tag } = which;
    await commits.flush();
    const atMs = memory.nowMs() - ROW_GRACE_MS;
    const rows = await table.list(namespace, { after, limit: limit + 1, atMs, prefix, tag });
    const shown = rows.slice(0, limit);
    return { rows: shown, next: rows.length > limit ? (shown.at(-1) ?? null) : null };
  }
}
