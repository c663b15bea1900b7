import type {
  SessionOrder,
  SessionPosition,
  SessionRowSummary,
  SessionSelection,
  SessionTally,
  SortedPosition,
} from "../../../ports/session-rows.ts";
import { hasTag } from "../../../ports/session-rows.ts";
import type { SessionLists, SessionPage, SessionText, SortedSessionPage } from "../../../ports/session-store.ts";
import { figureOf, type SharedSessionRows } from "../../../ports/shared-session-rows.ts";
import { viewOfRow } from "../session-view.ts";
import type { PendingUses } from "./pending-uses.ts";

/** Sessions that are looked at in one step: longer ones would keep the other callers of all nodes waiting. */
const LOOKED_AT_ONCE = 200;
const ALL: SessionSelection = {};
const NEWEST_FIRST: SessionOrder = { sort: "createdAt", order: "desc" };

type Query = SessionSelection & SessionOrder & { after: SortedPosition | null; limit: number };

/** Lists, counts and exports sessions that several nodes share. */
export class SharedListing implements SessionLists {
  readonly #rows: SharedSessionRows;
  readonly #uses: PendingUses;

  constructor(rows: SharedSessionRows, uses: PendingUses) {
    this.#rows = rows;
    this.#uses = uses;
  }

  async list(namespace: string, after: SessionPosition | null, limit: number, which = ALL): Promise<SessionPage> {
    const { prefix, tag } = which;
    const place: SortedPosition | null = after && [after.createdAtMs, after.id];
    const { rows, next } = await this.#page(namespace, { ...NEWEST_FIRST, prefix, tag, after: place, limit });
    return { views: rows.map(viewOf), next: next && { createdAtMs: next[0], id: next[1] } };
  }

  async listSorted(namespace: string, query: Query): Promise<SortedSessionPage> {
    const { rows, next } = await this.#page(namespace, query);
    return { views: rows.map(viewOf), next };
  }

  async tally(namespace: string, which: SessionSelection): Promise<SessionTally> {
    await this.#uses.flush();
    if (which.prefix === undefined && which.tag === undefined) return this.#rows.tally(namespace);
    const tally = { count: 0, bytes: 0 };
    for await (const { bytes } of this.rows(namespace, which)) {
      tally.count++;
      tally.bytes += bytes;
    }
    return tally;
  }

  async *peekAll(namespace: string): AsyncGenerator<SessionText> {
    for await (const { id, ownId } of this.rows(namespace, ALL)) {
      // The part may be old by now.
      const row = await this.#rows.look({ key: id, namespace, ownId });
      if (row) yield { view: viewOfRow(row, row.data.length), text: Buffer.from(row.data).toString() };
    }
  }

  /** Those that are selected: by id where a prefix is named, else the newest first. Each that lives throughout comes once. */
  async *rows(namespace: string, { prefix, tag }: SessionSelection): AsyncGenerator<SessionRowSummary> {
    if (prefix === undefined) {
      let after: SortedPosition | null = null;
      do {
        const query: Parameters<SharedSessionRows["part"]>[1] = { ...NEWEST_FIRST, tag, after, limit: LOOKED_AT_ONCE };
        const part: Awaited<ReturnType<SharedSessionRows["part"]>> = await this.#rows.part(namespace, query);
        yield* part.rows;
        after = part.next;
      } while (after !== null);
      return;
    }
    let after: string | null = null;
    do {
      const part: Awaited<ReturnType<SharedSessionRows["withPrefix"]>> = await this.#rows.withPrefix(
        namespace,
        prefix,
        after,
        LOOKED_AT_ONCE,
      );
      for (const row of part.rows) if (tag === undefined || hasTag(row.tags, tag)) yield row;
      after = part.next;
    } while (after !== null);
  }

  async #page(namespace: string, query: Query): Promise<{ rows: SessionRowSummary[]; next: SortedPosition | null }> {
    // The order is of the last uses as they are now.
    await this.#uses.flush();
    const isInOrder = query.prefix === undefined && (query.tag === undefined || query.sort === "createdAt");
    const rows = await (isInOrder ? this.#first(namespace, query) : this.#best(namespace, query));
    const shown = rows.slice(0, query.limit);
    const last = rows.length > query.limit ? shown.at(-1) : undefined;
    return { rows: shown, next: last ? [figureOf(last, query.sort), last.id] : null };
  }

  /** A page and one more of a list that is kept in this order. */
  async #first(namespace: string, { limit, after, sort, order, tag }: Query): Promise<SessionRowSummary[]> {
    const rows: SessionRowSummary[] = [];
    let from = after;
    do {
      const missing = limit + 1 - rows.length;
      const part = await this.#rows.part(namespace, { sort, order, tag, after: from, limit: missing });
      rows.push(...part.rows);
      from = part.next;
    } while (from !== null && rows.length <= limit);
    return rows;
  }

  /** The same of all that are selected, in no order: no more than two pages of them are held. */
  async #best(namespace: string, { limit, after, sort, order, ...which }: Query): Promise<SessionRowSummary[]> {
    const sign = order === "asc" ? 1 : -1;
    const compare = (a: SortedPosition, b: SortedPosition): number =>
      sign * (a[0] - b[0] || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0));
    const placeOf = (row: SessionRowSummary): SortedPosition => [figureOf(row, sort), row.id];
    let best: SessionRowSummary[] = [];
    const cut = () => {
      best = best.sort((a, b) => compare(placeOf(a), placeOf(b))).slice(0, limit + 1);
    };
    for await (const row of this.rows(namespace, which)) {
      if (after !== null && compare(placeOf(row), after) <= 0) continue;
      if (best.push(row) > 2 * (limit + 1)) cut();
    }
    cut();
    return best;
  }
}

const viewOf = (row: SessionRowSummary) => viewOfRow(row, row.bytes);
