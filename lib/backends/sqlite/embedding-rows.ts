import type { Database } from "../../ports/database.ts";
import type { EmbeddingRows } from "../../ports/embedding-rows.ts";
import { dialectOf } from "../dialect.ts";
import { packBytes } from "./packed-rows.ts";

/** SHA-256 */
const HASH_BYTES = 32;
/** The places 0 … ?1 − 1: hashes and vectors come as one buffer each, however many they are. */
const PLACES = `WITH RECURSIVE "row"("at") AS (SELECT 0 UNION ALL SELECT "at" + 1 FROM "row" WHERE "at" + 1 < ?1)`;
const hashAt = (hashes: string) => `substr(${hashes}, "at" * ${HASH_BYTES} + 1, ${HASH_BYTES})`;

interface Found {
  hash: Uint8Array;
  vector: Uint8Array;
  usedOn: number;
}

export function createEmbeddingRows(database: Database): EmbeddingRows {
  const { bytes, eachPart, partOf } = dialectOf(database);
  return {
    async find(model, hashes) {
      if (hashes.length === 0) return [];
      const params = [hashes.length, model, packBytes(hashes).bytes];
      const those = `"model" = ?2 AND "hash" IN (SELECT ${hashAt(bytes("?3"))} FROM "row")`;
      if (database.dialect === "postgres")
        return database.all<Found>(
          `${PLACES} SELECT "hash", "vector", "usedOn" FROM "Embedding" WHERE ${those}`,
          params,
        );
      const [page] = await database.all<{ heads: string; found: ArrayBuffer | null }>(
        `${PLACES} SELECT json_group_array(json_array("usedOn", length("vector")) ORDER BY "id") AS "heads",
         CAST(group_concat("hash" || "vector", '' ORDER BY "id") AS BLOB) AS "found"
         FROM (SELECT rowid AS "id", "hash", "vector", "usedOn" FROM "Embedding"
               WHERE ${those})`,
        params,
      );
      const found = new Uint8Array(page?.found ?? new ArrayBuffer());
      const heads: [number, number][] = JSON.parse(page?.heads ?? "[]");
      let offset = 0;
      return heads.map(([usedOn, length]) => {
        const middle = offset + HASH_BYTES;
        const hash = found.subarray(offset, middle);
        offset = middle + length;
        // A copy: it may be kept, and must not keep the whole page.
        return { hash, vector: found.slice(middle, offset), usedOn };
      });
    },
    async save(model, rows, day) {
      const vectors = packBytes(rows.map(({ vector }) => vector));
      await database.write([
        {
          sql: `INSERT INTO "Embedding" ("model", "hash", "usedOn", "vector")
                SELECT ?2, ${partOf("?3", `part."value"`)}, ?4, ${partOf("?5", `part."value"`, 2)} FROM ${eachPart("?1")} WHERE true
                ON CONFLICT ("model", "hash") DO UPDATE SET "usedOn" = excluded."usedOn", "vector" = excluded."vector"`,
          params: [
            JSON.stringify(vectors.spans.map((span, at) => [at * HASH_BYTES, HASH_BYTES, ...span])),
            model,
            packBytes(rows.map(({ hash }) => hash)).bytes,
            day,
            vectors.bytes,
          ],
        },
      ]);
    },
    async touch(model, hashes, day) {
      if (hashes.length === 0) return;
      await database.write([
        {
          sql: `${PLACES} UPDATE "Embedding" SET "usedOn" = ?4
                WHERE "model" = ?2 AND "usedOn" < ?4 AND "hash" IN (SELECT ${hashAt(bytes("?3"))} FROM "row")`,
          params: [hashes.length, model, packBytes(hashes).bytes, day],
        },
      ]);
    },
    async count() {
      const rows = await database.all<{ count: number }>(`SELECT COUNT(*) AS "count" FROM "Embedding"`);
      return rows[0]?.count ?? 0;
    },
    async removeOldest(count) {
      const changes = await database.write([
        {
          sql: `DELETE FROM "Embedding" WHERE rowid IN (SELECT rowid FROM "Embedding" ORDER BY "usedOn", rowid LIMIT ?)`,
          params: [count],
        },
      ]);
      return changes[0] ?? 0;
    },
  };
}
