import type { Database, SqlValue } from "../../ports/database.ts";
import type { PassageVector } from "../../ports/passage-vectors.ts";

/**
 * Many rows as few values. What crosses to the database's thread is cloned object by object, and each small buffer is an
 * allocation on both sides: rows of a document or of a page therefore travel as one buffer and one JSON text.
 */
export interface Packed {
  bytes: Uint8Array;
  /** Where each part begins in `bytes`, and its length. */
  spans: readonly (readonly [offset: number, length: number])[];
}

export function packBytes(parts: readonly Uint8Array[]): Packed {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  const spans = parts.map((part): [number, number] => {
    bytes.set(part, offset);
    offset += part.length;
    return [offset - part.length, part.length];
  });
  return { bytes, spans };
}

export function packTexts(texts: readonly string[]): Packed {
  return packBytes(texts.map((text) => Buffer.from(text)));
}

/**
 * Parts of one text, which may overlap, in its UTF-8 form: nothing is sent twice.
 *
 * @param parts in the order of their starts; they cut no surrogate pair.
 * @param stored a text as the database keeps it.
 */
export function packSpans(
  text: string,
  parts: readonly { start: number; end: number }[],
  stored: (text: string) => string,
): Packed {
  if (stored(text) !== text) return packTexts(parts.map(({ start, end }) => stored(text.slice(start, end))));
  const bytes = new TextEncoder().encode(text);
  // ASCII alone: a byte a code unit.
  if (bytes.length === text.length) return { bytes, spans: parts.map(({ start, end }) => [start, end - start]) };
  let at = 0;
  let offset = 0;
  const spans = parts.map(({ start, end }): [number, number] => {
    offset += Buffer.byteLength(text.slice(at, start));
    at = start;
    return [offset, Buffer.byteLength(text.slice(start, end))];
  });
  return { bytes, spans };
}

/** The passages that `select` ("id", "documentId", "vector") finds, in the order of their ids. Its parameters are numbered. */
export async function readVectors(
  database: Database,
  select: string,
  params: readonly SqlValue[],
): Promise<PassageVector[]> {
  // Nothing is cloned on the way from a server.
  if (database.dialect === "postgres")
    return database.all(`SELECT * FROM (${select}) AS "found" ORDER BY "id"`, params);
  const [page] = await database.all<{ heads: string; vectors: ArrayBuffer | null }>(
    `SELECT json_group_array(json_array("id", "documentId", length("vector")) ORDER BY "id") AS "heads",
     CAST(group_concat("vector", '' ORDER BY "id") AS BLOB) AS "vectors" FROM (${select})`,
    params,
  );
  const bytes = new Uint8Array(page?.vectors ?? new ArrayBuffer());
  const heads: [number, number, number][] = JSON.parse(page?.heads ?? "[]");
  let offset = 0;
  return heads.map(([id, documentId, length]) => {
    offset += length;
    return { id, documentId, vector: bytes.subarray(offset - length, offset) };
  });
}
