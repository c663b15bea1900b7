import {
  hasTag,
  type SessionChange,
  type SessionOrder,
  type SessionPosition,
  type SessionRow,
  type SessionRowSummary,
  type SessionRows,
  type SessionSelection,
  type SessionTally,
  type SortedPosition,
} from "../ports/session-rows.ts";

const expiryOf = ({ lastUsedAtMs, idleTimeoutMs, endsAtMs }: Omit<SessionRow, "data">): number =>
  Math.min(lastUsedAtMs + idleTimeoutMs, endsAtMs);

const isSelected = (row: SessionRow, { prefix = "", tag }: SessionSelection): boolean =>
  (row.ownId ?? row.id).startsWith(prefix) && (tag === undefined || hasTag(row.tags, tag));

const figureOf = (row: SessionRowSummary, { sort }: SessionOrder): number =>
  ({ bytes: row.bytes, lastUsedAt: row.lastUsedAtMs, createdAt: row.createdAtMs })[sort];

/** Session rows in a plain map: the database of tests and benchmarks, with a switch for each way that one can fail. */
export class MapRows implements SessionRows {
  readonly rows = new Map<string, SessionRow>();
  readonly ends = new Map<string, number>();
  /** What `apply` rejects with, while it is set. */
  failure: unknown = null;
  /** While it is set, a commit waits for it. */
  gate: Promise<void> | null = null;
  room = Number.POSITIVE_INFINITY;
  commits = 0;
  reads = 0;

  async get(id: string): Promise<SessionRow | null> {
    this.reads++;
    const row = this.rows.get(id);
    return row ? { ...row, data: Buffer.from(row.data) } : null;
  }

  async apply(changes: readonly SessionChange[]): Promise<void> {
    await this.gate;
    if (this.failure) throw this.failure;
    this.commits++;
    for (const change of changes) {
      if (change.kind === "put") {
        const { row } = change;
        const idleTimeoutMs = Math.round(row.idleTimeoutMs);
        this.rows.set(row.id, { ...row, idleTimeoutMs, data: Buffer.from(row.data) });
      } else if (change.kind === "delete") {
        this.rows.delete(change.id);
        if (change.end) this.ends.set(change.id, change.end.endedAtMs);
      } else {
        const row = this.rows.get(change.id);
        if (row) row.lastUsedAtMs = change.lastUsedAtMs;
      }
    }
  }

  async expire(atMs: number, limit: number): Promise<number> {
    const over = [...this.rows.values()].filter((row) => expiryOf(row) <= atMs).slice(0, limit);
    for (const row of over) {
      this.rows.delete(row.id);
      if (row.ownId !== null) this.ends.set(row.id, expiryOf(row));
    }
    return over.length;
  }

  async endOf(id: string): Promise<number | null> {
    const row = this.rows.get(id);
    return this.ends.get(id) ?? (row ? expiryOf(row) : null);
  }

  async list(
    namespace: string,
    query: SessionSelection & { after: SessionPosition | null; limit: number; atMs: number },
  ): Promise<SessionRowSummary[]> {
    const { after, limit, atMs } = query;
    const isAfter = (row: SessionRow) =>
      !after || row.createdAtMs < after.createdAtMs || (row.createdAtMs === after.createdAtMs && row.id < after.id);
    return [...this.rows.values()]
      .filter((row) => row.namespace === namespace && isSelected(row, query) && expiryOf(row) > atMs && isAfter(row))
      .sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1))
      .slice(0, limit)
      .map(({ data, ...row }) => ({ ...row, bytes: data.length }));
  }

  async listSorted(
    namespace: string,
    query: SessionSelection & SessionOrder & { after: SortedPosition | null; limit: number; atMs: number },
  ): Promise<SessionRowSummary[]> {
    const rows = await this.list(namespace, { ...query, after: null, limit: Number.POSITIVE_INFINITY });
    const sign = query.order === "asc" ? 1 : -1;
    const compare = ([a, x]: SortedPosition, [b, y]: SortedPosition) => sign * (a - b || (x < y ? -1 : Number(x > y)));
    return rows
      .map((row) => ({ row, place: [figureOf(row, query), row.id] as const }))
      .filter(({ place }) => query.after === null || compare(place, query.after) > 0)
      .sort((a, b) => compare(a.place, b.place))
      .slice(0, query.limit)
      .map(({ row }) => row);
  }

  async tally(namespace: string, query: SessionSelection & { atMs: number }): Promise<SessionTally> {
    const rows = await this.list(namespace, { ...query, after: null, limit: Number.POSITIVE_INFINITY });
    return { count: rows.length, bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  async count(atMs: number): Promise<number> {
    return [...this.rows.values()].filter((row) => expiryOf(row) > atMs).length;
  }

  roomBytes(): number {
    return this.room;
  }
}
