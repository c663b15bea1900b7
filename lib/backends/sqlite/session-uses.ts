import type { Database, Statement } from "../../ports/database.ts";
import type { SessionUse } from "../../ports/session-rows.ts";
import { type Dialect, dialectOf } from "../dialect.ts";

/** Past so many sessions, uses are folded into their rows with the next commit. About 150 bytes each. */
const MOST_WAITING = 2_000;
/** Past so many uses on disk as well, however few sessions they are of: folding looks at each, and takes some 20 ms for these. */
const MOST_KEPT = 10_000;

const KEEP = `INSERT INTO "SessionUses" ("uses") VALUES (?)`;
const foldBy = ({ least, eachPair, numberIn }: Dialect, from: string) => `UPDATE "Session" SET "lastUsedAtMs" = u."at",
    "expiresAtMs" = ${least}(u."at" + "idleTimeoutMs", coalesce("endsAtMs", u."at" + "idleTimeoutMs"))
  FROM (SELECT use."value"->>0 AS "id", max(${numberIn(`use."value"->>1`)}) AS "at"
        FROM "${from}", ${eachPair(`"${from}"."uses"`)} GROUP BY 1) AS u
  WHERE "Session"."id" = u."id" AND "Session"."lastUsedAtMs" < u."at"`;
const CLEAR = `DELETE FROM "SessionUses"`;

/** Folds all that is kept. These go into one transaction. */
const foldUses = (database: Database): readonly Statement[] =>
  database.dialect === "postgres"
    ? // In one statement: what another node adds between two would be cleared without having been folded.
      [{ sql: `WITH "taken" AS (${CLEAR} RETURNING "uses") ${foldBy(dialectOf(database), "taken")}` }]
    : [{ sql: foldBy(dialectOf(database), "SessionUses") }, { sql: CLEAR }];

/**
 * Last uses on their way to their sessions' rows. Writing each one there rewrites pages of 8–12 KB for a session that was only
 * read; here a commit's uses are one row of some 60 bytes each, and reach the sessions' rows together, each session once: before
 * anything looks at when rows expire, when 2,000 sessions wait, and when 10,000 uses are kept.
 */
export class SessionUses {
  readonly #database: Database;
  readonly #fold: readonly Statement[];
  /** What is committed here and not in the rows yet. */
  readonly #waiting = new Map<string, number>();
  /** Uses written since the last fold. */
  #kept = 0;

  private constructor(database: Database) {
    this.#database = database;
    this.#fold = foldUses(database);
  }

  /** Folds what an earlier process kept. */
  static async open(database: Database): Promise<SessionUses> {
    await database.write(foldUses(database));
    return new SessionUses(database);
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** What keeps `uses`, and says so to `committed` when it is on disk. */
  statementsFor(uses: readonly SessionUse[]): Statement[] {
    if (uses.length === 0) return [];
    return [{ sql: KEEP, params: [JSON.stringify(uses.map(({ id, lastUsedAtMs }) => [id, lastUsedAtMs]))] }];
  }

  async committed(uses: readonly SessionUse[]): Promise<void> {
    for (const { id, lastUsedAtMs } of uses) this.#waiting.set(id, lastUsedAtMs);
    this.#kept += uses.length;
    if (this.#waiting.size > MOST_WAITING || this.#kept > MOST_KEPT) await this.fold();
  }

  /** When the session of a row that says `lastUsedAtMs` was used last. */
  newest(id: string, lastUsedAtMs: number): number {
    return Math.max(lastUsedAtMs, this.#waiting.get(id) ?? 0);
  }

  /** Brings every row up to date, along with `statements` in one transaction; resolves to the rows that each of those changed. */
  async fold(statements: readonly Statement[] = []): Promise<number[]> {
    // What is committed meanwhile stays: it may be after the fold.
    const folded = [...this.#waiting];
    // Counted again at once: two folds may be under way, and neither may take the other's off again.
    const kept = this.#kept;
    this.#kept = 0;
    const changes = await this.#database.write([...this.#fold, ...statements]).catch((error: unknown) => {
      this.#kept += kept;
      throw error;
    });
    for (const [id, atMs] of folded) if (this.#waiting.get(id) === atMs) this.#waiting.delete(id);
    return changes.slice(this.#fold.length);
  }
}
