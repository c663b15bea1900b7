import type { Database } from "../../ports/database.ts";
import type { EmbeddingRows } from "../../ports/document-rows.ts";

/** How many hashes one statement asks for. */
const HASHES_PER_QUERY = 250;

export function createEmbeddingRows(database: Database): EmbeddingRows {
  return {
    async find(model, hashes) {
      const found: { hash: Uint8Array; vector: Uint8Array; usedOn: number }[] = [];
      for (let from = 0; from < hashes.length; from += HASHES_PER_QUERY) {
        const part = hashes.slice(from, from + HASHES_PER_QUERY);
        // One text for all sizes: the places not needed repeat the first hash.
        const padded = Array.from({ length: HASHES_PER_QUERY }, (_, at) => part[at] ?? part[0] ?? new Uint8Array());
        const rows = await database.all<{ hash: ArrayBuffer; vector: ArrayBuffer; usedOn: number }>(
          `SELECT "hash", "vector", "usedOn" FROM "Embedding" WHERE "model" = ? AND "hash" IN (${padded.map(() => "?").join(",")})`,
          [model, ...padded],
        );
        found.push(
          ...rows.map(({ hash, vector, usedOn }) => ({
            hash: new Uint8Array(hash),
            vector: new Uint8Array(vector),
            usedOn,
          })),
        );
      }
      return found;
    },
    async save(model, rows, day) {
      await database.write(
        rows.map(({ hash, vector }) => ({
          sql: `INSERT OR REPLACE INTO "Embedding" ("model", "hash", "usedOn", "vector") VALUES (?, ?, ?, ?)`,
          params: [model, hash, day, vector],
        })),
      );
    },
    async touch(model, hashes, day) {
      await database.write(
        hashes.map((hash) => ({
          sql: `UPDATE "Embedding" SET "usedOn" = ? WHERE "model" = ? AND "hash" = ? AND "usedOn" < ?`,
          params: [day, model, hash, day],
        })),
      );
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
