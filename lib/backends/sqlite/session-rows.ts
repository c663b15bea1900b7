import type { Database, SqlValue, Statement } from "../../ports/database.ts";
import type {
  SessionChange,
  SessionFigure,
  SessionRow,
  SessionRowSummary,
  SessionRows,
  SessionSelection,
  SessionTally,
  SessionUse,
} from "../../ports/session-rows.ts";
import { type Dialect, dialectOf } from "../dialect.ts";
import { endOf, forgetEnds, keepEnds, SessionEnds } from "./session-ends.ts";
import { SessionUses } from "./session-uses.ts";

const FIELDS = `"id", "ownId", "namespace", "createdAtMs", "lastUsedAtMs", "idleTimeoutMs", "endsAtMs", "version", "tags"`;
const LISTED = FIELDS.replaceAll(/"\w+"/g, (name) => `s.${name}`);
/** What a row takes beside its data, with both indexes, and what pages leave empty. */
const OVERHEAD_RATIO = 1.3;

const GET = `SELECT ${FIELDS}, "data" FROM "Session" WHERE "id" = ?`;
const PUT = `INSERT INTO "Session" (${FIELDS}, "expiresAtMs", "data") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT ("id") DO UPDATE SET "lastUsedAtMs" = excluded."lastUsedAtMs", "expiresAtMs" = excluded."expiresAtMs",
    "version" = excluded."version", "data" = excluded."data",
    "idleTimeoutMs" = excluded."idleTimeoutMs", "endsAtMs" = excluded."endsAtMs", "tags" = excluded."tags"`;
/** Of a session that begins, perhaps over its expired row. Not for every write: each would rewrite the index of creation times. */
const BEGIN = `${PUT}, "createdAtMs" = excluded."createdAtMs"`;
const DELETE = `DELETE FROM "Session" WHERE "id" = ?`;

const FIGURES: Readonly<Record<SessionFigure, string>> = {
  bytes: `length(s."data")`,
  lastUsedAt: `s."lastUsedAtMs"`,
  createdAt: `s."createdAtMs"`,
};

/** Live sessions of a namespace; of a tag, by way of its table, which is in the order of the list. */
function selected(
  { inThisOrder }: Dialect,
  namespace: string,
  atMs: number,
  { prefix, tag }: SessionSelection,
): { from: string; params: SqlValue[] } {
  const source =
    tag === undefined
      ? `"Session" AS s WHERE s."namespace" = ?`
      : `"SessionTag" AS t ${inThisOrder} "Session" AS s ON s."id" = t."id" WHERE t."tag" = ? AND t."namespace" = ?`;
  const begins = prefix === undefined ? "" : `AND substr(coalesce(s."ownId", s."id"), 1, length(?)) = ?`;
  return {
    from: `${source} AND s."expiresAtMs" > ? ${begins}`,
    params: [...(tag === undefined ? [] : [tag]), namespace, atMs, ...(prefix === undefined ? [] : [prefix, prefix])],
  };
}

interface Options {
  /** The disk quota of the database. */
  maxBytes(): number;
}

/** A row as SQLite has it. */
interface Stored extends Omit<SessionRow, "data" | "endsAtMs"> {
  endsAtMs: number | null;
}

/** Session rows in SQLite. */
export async function createSessionRows(database: Database, { maxBytes }: Options): Promise<SessionRows> {
  const dialect = dialectOf(database);
  let usedBytes = 0;
  const measure = async () => {
    if (dialect.usedBytes === null) return;
    const [size] = await database.all<{ used: number }>(dialect.usedBytes);
    usedBytes = size?.used ?? usedBytes;
  };
  await measure();
  const uses = await SessionUses.open(database);
  const ends = await SessionEnds.open(database);
  return {
    async get(id) {
      const [row] = await database.all<Stored & { data: ArrayBuffer }>(GET, [id]);
      if (!row) return null;
      const { ownId, namespace, createdAtMs, idleTimeoutMs, version, tags } = row;
      const endsAtMs = row.endsAtMs ?? Number.POSITIVE_INFINITY;
      const lastUsedAtMs = uses.newest(id, row.lastUsedAtMs);
      const data = new Uint8Array(row.data);
      return { id, ownId, namespace, createdAtMs, lastUsedAtMs, idleTimeoutMs, endsAtMs, version, tags, data };
    },
    async apply(changes) {
      const used = changes.filter((change): change is SessionUse => change.kind === "use");
      const statements = changes.flatMap(toStatement);
      // An import may put a session back that was used later and deleted: that use must not come over it.
      const isPutBack = changes.some(
        (change) => change.kind === "put" && uses.newest(change.row.id, 0) > change.row.lastUsedAtMs,
      );
      if (isPutBack) await uses.fold([...statements, ...uses.statementsFor(used)]);
      else await database.write([...statements, ...uses.statementsFor(used)]);
      await uses.committed(used);
      await ends.added(changes);
      if (statements.length > 0) await measure();
    },
    async expire(atMs, limit) {
      const over = `SELECT "id" FROM "Session" WHERE "expiresAtMs" <= ? ORDER BY "expiresAtMs", "id" LIMIT ?`;
      const params = [atMs, limit];
      const [ended, deleted] = await uses.fold([
        { sql: keepEnds(over), params },
        { sql: `DELETE FROM "Session" WHERE "id" IN (${over})`, params },
        forgetEnds(atMs),
      ]);
      await ends.grown(ended ?? 0);
      return deleted ?? 0;
    },
    endOf: (id) => ends.of(id),
    async list(namespace, { after, limit, atMs, ...which }) {
      if (uses.size > 0) await uses.fold();
      const { from, params } = selected(dialect, namespace, atMs, which);
      const place = which.tag === undefined ? "s" : "t";
      const position: SqlValue[] = after ? [after.createdAtMs, after.id] : [];
      const rows = await database.all<Stored & { bytes: number }>(
        `SELECT ${LISTED}, length(s."data") AS "bytes" FROM ${from}
         ${after ? `AND (${place}."createdAtMs", ${place}."id") < (?, ?)` : ""}
         ORDER BY ${place}."createdAtMs" DESC, ${place}."id" DESC LIMIT ?`,
        [...params, ...position, limit],
      );
      return rows.map(toSummary);
    },
    async listSorted(namespace, { after, limit, atMs, sort, order, ...which }) {
      if (uses.size > 0) await uses.fold();
      const { from, params } = selected(dialect, namespace, atMs, which);
      const figure = FIGURES[sort];
      const [beyond, direction] = order === "asc" ? [">", "ASC"] : ["<", "DESC"];
      // No index, which each use or change would have to write. Only ids and figures are sorted, at most a page of them at a time.
      const rows = await database.all<Stored & { bytes: number }>(
        `SELECT ${LISTED}, length(s."data") AS "bytes" FROM (
           SELECT s."id" AS "key", ${figure} AS "figure" FROM ${from} ${after ? `AND (${figure}, s."id") ${beyond} (CAST(? AS bigint), ?)` : ""}
           ORDER BY 2 ${direction}, 1 ${direction} LIMIT ?
         ) AS shown ${dialect.inThisOrder} "Session" AS s ON s."id" = shown."key"
         ORDER BY shown."figure" ${direction}, shown."key" ${direction}`,
        [...params, ...(after ?? []), limit],
      );
      return rows.map(toSummary);
    },
    async tally(namespace, { atMs, ...which }) {
      if (uses.size > 0) await uses.fold();
      const { from, params } = selected(dialect, namespace, atMs, which);
      const [tally] = await database.all<SessionTally>(
        `SELECT count(*) AS "count", coalesce(sum(length(s."data")), 0) AS "bytes" FROM ${from}`,
        params,
      );
      return tally ?? { count: 0, bytes: 0 };
    },
    async count(atMs) {
      if (uses.size > 0) await uses.fold();
      const [row] = await database.all<{ live: number }>(
        `SELECT count(*) AS "live" FROM "Session" WHERE "expiresAtMs" > ?`,
        [atMs],
      );
      return row?.live ?? 0;
    },
    roomBytes: () => Math.floor((maxBytes() - usedBytes) / OVERHEAD_RATIO),
  };
}

function toSummary(row: Stored & { bytes: number }): SessionRowSummary {
  return { ...row, endsAtMs: row.endsAtMs ?? Number.POSITIVE_INFINITY };
}

/** Last uses are kept apart. */
function toStatement(change: SessionChange): Statement[] {
  if (change.kind === "use") return [];
  if (change.kind === "delete") return [{ sql: DELETE, params: [change.id] }, ...endOf(change)];
  const { id, ownId, namespace, createdAtMs, lastUsedAtMs, version, tags, data } = change.row;
  // A timeout in seconds may have a fraction, and one row that a database refuses would hold up all that are written with it.
  const idleTimeoutMs = Math.round(change.row.idleTimeoutMs);
  const endsAtMs = Number.isFinite(change.row.endsAtMs) ? change.row.endsAtMs : null;
  const expiresAtMs = Math.min(lastUsedAtMs + idleTimeoutMs, change.row.endsAtMs);
  const params = [
    id,
    ownId,
    namespace,
    createdAtMs,
    lastUsedAtMs,
    idleTimeoutMs,
    endsAtMs,
    version,
    tags,
    expiresAtMs,
    data,
  ];
  return [{ sql: version === 1 ? BEGIN : PUT, params }];
}
