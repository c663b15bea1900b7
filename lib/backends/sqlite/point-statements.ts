import type { Dialect } from "../dialect.ts";

export const RECORD = `"id", "namespace", "name", "dimensions", "metric", "precision", "createdAtMs", "formerPrecision"`;
export const POINT = `"row", "pointId", "metadata", "vector"`;
/** The plus keeps SQLite from walking the collection's index for a handful of rows. */
export const byRows = ({ numbers }: Dialect) =>
  `SELECT ${POINT} FROM "VectorPoint" WHERE "row" IN (${numbers("?")}) AND +"collectionId" = ?`;
export const byIds = ({ texts }: Dialect) =>
  `FROM "VectorPoint" WHERE "collectionId" = ? AND "pointId" IN (${texts("?")})`;
/** Of a collection that is there: what is written after a drop must not stay behind. */
export const UPSERT = `INSERT INTO "VectorPoint" (${POINT}, "collectionId")
  SELECT ?, ?, ?, ?, "id" FROM "VectorCollection" WHERE "id" = ?
  ON CONFLICT ("row") DO UPDATE SET "metadata" = excluded."metadata", "vector" = excluded."vector"`;

export const CHANGE_METADATA = `UPDATE "VectorPoint" SET "metadata" = ? WHERE "row" = ?
  AND "collectionId" IN (SELECT "id" FROM "VectorCollection" WHERE "id" = ?)`;
