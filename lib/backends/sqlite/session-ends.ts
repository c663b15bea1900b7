import type { Database, Statement } from "../../ports/database.ts";
import { ENDED_FOR_MS, type SessionChange, type SessionDeletion } from "../../ports/session-rows.ts";

/** Of each namespace: of more, the oldest are forgotten before their day is over. About 150 bytes each, on disk alone. */
export const MOST_ENDS = 100_000;
/** So many may come before the number is looked at again. */
const UNCOUNTED = 1_000;

const KEEP = `INSERT INTO "SessionEnd" ("id", "namespace", "endedAtMs") VALUES (?, ?, ?)
  ON CONFLICT ("id") DO UPDATE SET "endedAtMs" = excluded."endedAtMs"`;

/** What remembers a deletion; nothing for a session whose id was made here. */
export const endOf = ({ id, end }: SessionDeletion): Statement[] =>
  end ? [{ sql: KEEP, params: [id, end.namespace, end.endedAtMs] }] : [];

/** Remembers the ends of those sessions that `ids`, a query, selects. */
export const keepEnds = (ids: string): string =>
  `INSERT INTO "SessionEnd" ("id", "namespace", "endedAtMs")
   SELECT "id", "namespace", "expiresAtMs" FROM "Session" WHERE "ownId" IS NOT NULL AND "id" IN (${ids})
   ON CONFLICT ("id") DO UPDATE SET "namespace" = excluded."namespace", "endedAtMs" = excluded."endedAtMs"`;

export const forgetEnds = (atMs: number): Statement => ({
  sql: `DELETE FROM "SessionEnd" WHERE "endedAtMs" <= ?`,
  params: [atMs - ENDED_FOR_MS],
});

/** The ends of sessions whose ids their callers chose: for a day nothing begins again under these, so that a late save revives nobody. */
export class SessionEnds {
  readonly #database: Database;
  /** At most so many are there; some of them may be forgotten by now. */
  #known = 0;
  #uncounted = 0;

  private constructor(database: Database) {
    this.#database = database;
  }

  static async open(database: Database): Promise<SessionEnds> {
    const ends = new SessionEnds(database);
    await ends.#count();
    return ends;
  }

  /** When the session ended: as remembered, or as its row says. */
  async of(id: string): Promise<number | null> {
    const [end] = await this.#database.all<{ endedAtMs: number }>(
      `SELECT "endedAtMs" FROM "SessionEnd" WHERE "id" = ?
       UNION ALL SELECT "expiresAtMs" FROM "Session" WHERE "id" = ? LIMIT 1`,
      [id, id],
    );
    return end?.endedAtMs ?? null;
  }

  added(changes: readonly SessionChange[]): Promise<void> {
    let ends = 0;
    for (const change of changes) if (change.kind === "delete" && change.end !== null) ends++;
    return this.grown(ends);
  }

  /** So many more were remembered. */
  async grown(ends: number): Promise<void> {
    this.#known += ends;
    this.#uncounted += ends;
    if (this.#known <= MOST_ENDS || this.#uncounted < UNCOUNTED) return;
    await this.#database.write([
      {
        sql: `DELETE FROM "SessionEnd" WHERE "id" IN (
          SELECT "id" FROM (
            SELECT "id", row_number() OVER (PARTITION BY "namespace" ORDER BY "endedAtMs" DESC) AS "place" FROM "SessionEnd"
          ) AS "placed" WHERE "place" > ?)`,
        params: [MOST_ENDS],
      },
    ]);
    await this.#count();
  }

  async #count(): Promise<void> {
    const [row] = await this.#database.all<{ ends: number }>(`SELECT count(*) AS "ends" FROM "SessionEnd" LIMIT 1`);
    this.#known = row?.ends ?? 0;
    this.#uncounted = 0;
  }
}
