import type { Database } from "../../ports/database.ts";
import type { Amount } from "../../ports/namespace-quotas.ts";
import type { PointWrites } from "../../ports/vector-rows.ts";
import { type Dialect, dialectOf } from "../dialect.ts";

// As the quotas' triggers count: encoded vectors and metadata.

const sizesBy = ({
  texts,
}: Dialect) => `SELECT "pointId", octet_length("vector") + coalesce(octet_length("metadata"), 0) AS "bytes" FROM "VectorPoint"
  WHERE "collectionId" = ? AND "pointId" IN (${texts("?")})`;

export const sizeOfMetadata = (metadata: string | null | undefined): number => Buffer.byteLength(metadata ?? "");

/** What points add when all of them are new. */
export function mostOf({ ids, bytes, metadata }: PointWrites): Amount {
  return {
    bytes: metadata.reduce((sum, text) => sum + sizeOfMetadata(text), bytes.byteLength),
    items: ids.length,
  };
}

/** What each adds to what is there. */
export async function growthOf(
  database: Database,
  collectionId: number,
  { ids, bytes, metadata }: PointWrites,
): Promise<Amount[]> {
  const found = await database.all<{ pointId: string; bytes: number }>(sizesBy(dialectOf(database)), [
    collectionId,
    JSON.stringify(ids),
  ]);
  const before = new Map(found.map((row) => [row.pointId, row.bytes]));
  const size = bytes.byteLength / ids.length;
  return ids.map((id, at) => {
    const known = before.get(id);
    return {
      bytes: size + sizeOfMetadata(metadata[at]) - (known ?? 0),
      items: known === undefined ? 1 : 0,
    };
  });
}
