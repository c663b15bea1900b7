import type {
  AuditEntry,
  AuditRows,
  KeyRow,
  KeyRows,
  MetaRows,
  SettingRevisionRow,
  SettingRows,
  SignInRow,
} from "../../ports/admin-rows.ts";
import type { Database } from "../../ports/database.ts";
import { KeyedLock } from "../../shared/keyed-lock.ts";
import { dialectOf } from "../dialect.ts";

/** Revoked keys whose rows are kept. */
const MAX_REVOKED_KEYS = 1_000;
const TRIM_REVOKED = `DELETE FROM "ApiKey" WHERE "revokedAtMs" IS NOT NULL AND "id" NOT IN (
  SELECT "id" FROM "ApiKey" WHERE "revokedAtMs" IS NOT NULL ORDER BY "revokedAtMs" DESC, "id" LIMIT ${MAX_REVOKED_KEYS})`;
/** The key that the environment gives has no row; every other sign-in ends with its key. */
const TRIM_SIGN_INS = `DELETE FROM "SignIn" WHERE "expiresAtMs" <= ? OR ("keyId" <> 'environment'
  AND "keyId" NOT IN (SELECT "id" FROM "ApiKey" WHERE "revokedAtMs" IS NULL))`;

export function createKeyRows(database: Database): KeyRows {
  const { texts } = dialectOf(database);
  const revoking = (ids: readonly string[], atMs: number) => {
    const list = JSON.stringify(ids);
    return [
      {
        sql: `UPDATE "ApiKey" SET "revokedAtMs" = ? WHERE "revokedAtMs" IS NULL AND "id" IN (${texts("?")})`,
        params: [atMs, list],
      },
      { sql: `DELETE FROM "SignIn" WHERE "keyId" IN (${texts("?")})`, params: [list] },
      { sql: TRIM_REVOKED },
    ];
  };
  const ending = (hashes: readonly string[]) => ({
    sql: `DELETE FROM "SignIn" WHERE "tokenHash" IN (${texts("?")})`,
    params: [JSON.stringify(hashes)],
  });
  return {
    live: () =>
      database.all<KeyRow>(
        `SELECT "id", "namespace", "name", "role", "hash", "createdAtMs", "expiresAtMs", "ratePerMinute" FROM "ApiKey"
         WHERE "revokedAtMs" IS NULL ORDER BY "createdAtMs", "id" LIMIT 10000`,
      ),
    async insert(row, ended) {
      await database.write([
        ...(ended.length > 0 ? revoking(ended, row.createdAtMs) : []),
        {
          sql: `INSERT INTO "ApiKey" ("id", "namespace", "name", "role", "hash", "createdAtMs", "expiresAtMs", "ratePerMinute")
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          params: [
            row.id,
            row.namespace,
            row.name,
            row.role,
            row.hash,
            row.createdAtMs,
            row.expiresAtMs,
            row.ratePerMinute,
          ],
        },
      ]);
    },
    async update({ id, name, hash, expiresAtMs, ratePerMinute }, endsSignIns) {
      await database.write([
        {
          sql: `UPDATE "ApiKey" SET "name" = ?, "hash" = ?, "expiresAtMs" = ?, "ratePerMinute" = ? WHERE "id" = ?`,
          params: [name, hash, expiresAtMs, ratePerMinute, id],
        },
        ...(endsSignIns ? [{ sql: `DELETE FROM "SignIn" WHERE "keyId" = ?`, params: [id] }] : []),
      ]);
    },
    async revoke(id, atMs) {
      await database.write(revoking([id], atMs));
    },
    async signIns(nowMs) {
      await database.write([{ sql: TRIM_SIGN_INS, params: [nowMs] }]);
      return database.all<SignInRow>(
        `SELECT "tokenHash", "keyId", "createdAtMs", "expiresAtMs" FROM "SignIn" ORDER BY "createdAtMs", rowid LIMIT 100000`,
      );
    },
    async insertSignIn(row, ended) {
      await database.write([
        ending(ended),
        { sql: `DELETE FROM "SignIn" WHERE "expiresAtMs" <= ?`, params: [row.createdAtMs] },
        {
          sql: `INSERT INTO "SignIn" ("tokenHash", "keyId", "createdAtMs", "expiresAtMs") VALUES (?, ?, ?, ?)`,
          params: [row.tokenHash, row.keyId, row.createdAtMs, row.expiresAtMs],
        },
      ]);
    },
    async deleteSignIns(hashes) {
      await database.write([ending(hashes)]);
    },
  };
}

/** Revisions kept; older ones cannot be returned to. */
const MAX_REVISIONS = 1_000;

interface StoredRevision extends Omit<SettingRevisionRow, "values"> {
  values: string;
}

const REVISION = `"revision", "values", "actor", "reason", "createdAtMs"`;

export function createSettingRows(database: Database, maxRevisions = MAX_REVISIONS): SettingRows {
  // In turn: a commit tells no number, and the largest is the own one only while nobody else inserts.
  const turns = new KeyedLock();
  const read = (row: StoredRevision): SettingRevisionRow => ({ ...row, values: JSON.parse(row.values) });
  return {
    async newest(limit) {
      const rows = await database.all<StoredRevision>(
        `SELECT ${REVISION} FROM "SettingRevision" ORDER BY "revision" DESC LIMIT ?`,
        [limit],
      );
      return rows.map(read);
    },
    async find(revision) {
      const [row] = await database.all<StoredRevision>(
        `SELECT ${REVISION} FROM "SettingRevision" WHERE "revision" = ?`,
        [revision],
      );
      return row ? read(row) : null;
    },
    insert: ({ values, actor, reason, createdAtMs }) =>
      turns.run("insert", async () => {
        // The largest number of all is another node's as well; null: the next.
        const own = database.dialect === "postgres" ? await nextRevision(database) : null;
        await database.write([
          {
            sql: `INSERT INTO "SettingRevision" ("revision", "values", "actor", "reason", "createdAtMs") VALUES (?, ?, ?, ?, ?)`,
            params: [own, JSON.stringify(values), actor, reason, createdAtMs],
          },
          {
            sql: `DELETE FROM "SettingRevision" WHERE "revision" <= (SELECT max("revision") FROM "SettingRevision") - ?`,
            params: [maxRevisions],
          },
        ]);
        if (own !== null) return own;
        const [row] = await database.all<{ revision: number }>(
          `SELECT max("revision") AS "revision" FROM "SettingRevision"`,
        );
        return row?.revision ?? 0;
      }),
  };
}

async function nextRevision(database: Database): Promise<number> {
  const [row] = await database.all<{ next: number }>(
    `SELECT nextval(pg_get_serial_sequence('"SettingRevision"', 'revision')) AS "next"`,
  );
  if (!row) throw new Error("no number for a revision of the settings");
  return row.next;
}

/** Audit entries kept. */
const MAX_AUDIT_ENTRIES = 10_000;
/** Over the bound the most frequent kind of entry of one actor loses its oldest: what is rare is not pushed out by noise. */
const TRIM_AUDIT = `DELETE FROM "AuditEntry" WHERE "id" = (
  SELECT CASE WHEN (SELECT count(*) FROM "AuditEntry") > ? THEN (
    SELECT min("id") FROM "AuditEntry" GROUP BY "namespace", "actor", "action", "outcome"
    ORDER BY count(*) DESC, min("id") LIMIT 1) END)`;

export function createAuditRows(database: Database, nodeId: string, maxEntries = MAX_AUDIT_ENTRIES): AuditRows {
  return {
    async insert(entry) {
      const { namespace, atMs, actor, action, target, outcome, requestId, detail } = entry;
      await database.write([
        {
          sql: `INSERT INTO "AuditEntry" ("nodeId", "namespace", "atMs", "actor", "action", "target", "outcome", "requestId", "detail")
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          params: [nodeId, namespace, atMs, actor, action, target, outcome, requestId, detail],
        },
        { sql: TRIM_AUDIT, params: [maxEntries] },
      ]);
    },
    list: (limit, beforeId) =>
      database.all<AuditEntry & { id: number }>(
        `SELECT "id", "atMs", "actor", "namespace", "action", "target", "outcome", "requestId", "detail" FROM "AuditEntry"
         WHERE "id" < ? ORDER BY "id" DESC LIMIT ?`,
        [beforeId ?? Number.MAX_SAFE_INTEGER, limit],
      ),
  };
}

export function createMetaRows(database: Database): MetaRows {
  return {
    async readOrInsert(name, value) {
      await database.write([
        { sql: `INSERT INTO "Meta" ("name", "value") VALUES (?, ?) ON CONFLICT DO NOTHING`, params: [name, value] },
      ]);
      const [row] = await database.all<{ value: string }>(`SELECT "value" FROM "Meta" WHERE "name" = ?`, [name]);
      return row?.value ?? value;
    },
  };
}
