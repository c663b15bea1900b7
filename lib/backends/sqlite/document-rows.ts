import type { Database, SqlValue, Statement } from "../../ports/database.ts";
import type {
  ChunkRow,
  DocumentOrder,
  DocumentRows,
  DocumentSummary,
  NewDocument,
  Written,
} from "../../ports/document-rows.ts";
import { type Amount, NO_QUOTAS, type Quotas } from "../../ports/namespace-quotas.ts";
import { betweenNodes } from "../between-nodes.ts";
import { type Dialect, dialectOf, storedBytes } from "../dialect.ts";
import { openRowNumbers } from "../row-numbers.ts";
import type { TextIndex } from "../text-index.ts";
import { packBytes, packSpans, readVectors } from "./packed-rows.ts";
import { writeWithin } from "./quota-write.ts";
import type { Namespaces } from "./rag-namespaces.ts";

interface StoredDocument extends Omit<DocumentSummary, "metadata"> {
  metadata: string;
}

interface StoredChunk extends Omit<ChunkRow, "text"> {
  /** A text or its bytes. */
  text: ArrayBuffer;
}

const DOCUMENT = `"id" AS "rowId", "name" AS "id", "source", "page", "language", "metadata", "checksum", "chunkSize",
  "chunkOverlap", "chunkCount", "characters", "model", "readingLimit", "wordsVersion", "createdAtMs", "updatedAtMs"`;
/** What a document keeps, as the quotas' triggers count it. */
const SIZE = `octet_length("RagDocument"."text") + octet_length("RagDocument"."metadata") + coalesce((
  SELECT sum(octet_length(c."text") + octet_length(c."vector")) FROM "RagChunk" AS c WHERE c."documentId" = "RagDocument"."id"), 0)`;
const VECTOR = `SELECT "id", "documentId", "vector" FROM "RagChunk"`;
const FIGURES: Readonly<Record<Exclude<DocumentOrder, "id">, string>> = {
  updatedAt: `"updatedAtMs"`,
  createdAt: `"createdAtMs"`,
  characters: `"characters"`,
  chunks: `"chunkCount"`,
};

/** Documents, on either database. */
export async function createDocumentRows(
  database: Database,
  namespaces: Namespaces,
  quotas: Quotas = NO_QUOTAS,
): Promise<DocumentRows> {
  const dialect = dialectOf(database);
  const CHUNK = `"id" AS "rowId", "documentId" AS "documentRowId", "ordinal", "start", "end", ${dialect.whole(`"text"`)} AS "text"`;
  const THESE = `IN (${dialect.numbers("?")})`;
  const numbers = await openRowNumbers(database, ["RagDocument", "RagChunk"]);

  async function documents(where: string, params: readonly (string | number)[]): Promise<DocumentSummary[]> {
    const rows = await database.all<StoredDocument>(`SELECT ${DOCUMENT} FROM "RagDocument" WHERE ${where}`, params);
    return rows.map((row) => ({ ...row, metadata: JSON.parse(row.metadata) as Record<string, unknown> }));
  }

  /** What a document keeps now. */
  async function kept(key: number, name: string): Promise<Amount> {
    const [row] = await database.all<{ bytes: number; items: number }>(
      `SELECT coalesce(sum(${SIZE}), 0) AS "bytes", count(*) AS "items"
       FROM "RagDocument" WHERE "namespaceId" = ? AND "name" = ? LIMIT 1`,
      [key, name],
    );
    return row ?? { bytes: 0, items: 0 };
  }

  async function chunks(where: string, params: readonly (string | number)[]): Promise<ChunkRow[]> {
    const rows = await database.all<StoredChunk>(`SELECT ${CHUNK} FROM "RagChunk" WHERE ${where}`, params);
    return rows.map((row) => ({ ...row, text: Buffer.from(row.text).toString("utf8") }));
  }

  async function replaced(namespace: string, key: number, document: NewDocument): Promise<Written> {
    const rowId = await numbers.take("RagDocument", 1);
    const firstChunk = await numbers.take("RagChunk", document.chunks.length);
    const statements = [
      ...removal(namespaces.passages, key, `"namespaceId" = ? AND "name" = ?`, [key, document.id]),
      insertDocument(key, rowId, document),
      insertChunks(dialect, key, rowId, firstChunk, document),
      ...(await indexChunks(namespaces.passages, key, rowId, firstChunk, document)),
    ];
    const gate = quotas.of(namespace);
    if (gate === null) await database.write(statements);
    else
      await writeWithin(
        gate,
        { bytes: sizeOf(dialect, document), items: 1 },
        () => kept(key, document.id),
        () => database.write(statements),
      );
    const vectors = document.chunks.map(({ vector }, place) => ({
      id: firstChunk + place,
      documentId: rowId,
      vector,
    }));
    return { rowId, vectors };
  }

  return {
    async find(namespace, id) {
      const key = await namespaces.find(namespace);
      if (key === null) return null;
      return (await documents(`"namespaceId" = ? AND "name" = ?`, [key, id]))[0] ?? null;
    },
    async text(rowId) {
      const rows = await database.all<{ text: ArrayBuffer }>(`SELECT "text" FROM "RagDocument" WHERE "id" = ?`, [
        rowId,
      ]);
      return rows[0] === undefined ? null : new Uint8Array(rows[0].text);
    },
    async list(namespace, { source, by, descending, after, limit }) {
      const [sign, order] = descending ? ["<", "DESC"] : [">", "ASC"];
      const columns = by === "id" ? [`"name"`] : [FIGURES[by], `"name"`];
      const ofSource = source === null ? "" : `AND "source" = ?`;
      const beyond = after === null ? "" : `AND (${columns.join(", ")}) ${sign} (${columns.map(() => "?").join(", ")})`;
      return documents(
        `"namespaceId" = ? ${ofSource} ${beyond} ORDER BY ${columns.map((one) => `${one} ${order}`).join(", ")} LIMIT ?`,
        [
          (await namespaces.find(namespace)) ?? -1,
          ...(source === null ? [] : [source]),
          ...(after === null ? [] : after.slice(-columns.length)),
          limit,
        ],
      );
    },
    walk: async (namespace, afterRowId, limit, source = null) =>
      // With its table: "id" alone is the alias of the name in ORDER BY, and the row's id in WHERE.
      documents(
        `"namespaceId" = ? ${source === null ? "" : `AND "source" = ?`} AND "RagDocument"."id" > ?
         ORDER BY "RagDocument"."id" LIMIT ?`,
        [(await namespaces.find(namespace)) ?? -1, ...(source === null ? [] : [source]), afterRowId, limit],
      ),
    byRowId: (rowIds) => documents(`"id" ${THESE}`, [JSON.stringify(rowIds)]),
    chunks: (documentRowId, afterOrdinal, limit) =>
      chunks(`"documentId" = ? AND "ordinal" > ? ORDER BY "ordinal" LIMIT ?`, [documentRowId, afterOrdinal, limit]),
    chunksByRowId: (rowIds) => chunks(`"id" ${THESE}`, [JSON.stringify(rowIds)]),
    chunksAround: (documentRowId, from, to) =>
      chunks(`"documentId" = ? AND "ordinal" BETWEEN ? AND ? ORDER BY "ordinal"`, [documentRowId, from, to]),
    async matchKeywords(namespace, expression, limit, documentRowIds) {
      const key = await namespaces.find(namespace);
      return key === null ? [] : namespaces.passages.match(key, expression, limit, documentRowIds);
    },
    async replace(namespace, document) {
      const key = await namespaces.require(namespace);
      await namespaces.addLanguages(key, "documents", document.languages);
      return betweenNodes(database, () => replaced(namespace, key, document));
    },
    async remove(namespace, rowIds) {
      const key = await namespaces.find(namespace);
      if (key === null) return;
      await database.write(
        removal(namespaces.passages, key, `"namespaceId" = ? AND "id" ${THESE}`, [key, JSON.stringify(rowIds)]),
      );
    },
    async bytesOf(rowIds) {
      const [row] = await database.all<{ bytes: number | null }>(
        `SELECT sum(${SIZE}) AS "bytes" FROM "RagDocument" WHERE "id" ${THESE}`,
        [JSON.stringify(rowIds)],
      );
      return row?.bytes ?? 0;
    },
    async isEmpty(namespace) {
      const rows = await database.all(`SELECT 1 FROM "RagDocument" WHERE "namespaceId" = ? LIMIT 1`, [
        (await namespaces.find(namespace)) ?? -1,
      ]);
      return rows.length === 0;
    },
    async counts(namespace) {
      const rows = await database.all<{ documents: number; chunks: number | null; characters: number | null }>(
        `SELECT COUNT(*) AS "documents", SUM("chunkCount") AS "chunks", SUM("characters") AS "characters"
         FROM "RagDocument" WHERE "namespaceId" = ?`,
        [(await namespaces.find(namespace)) ?? -1],
      );
      return { documents: rows[0]?.documents ?? 0, chunks: rows[0]?.chunks ?? 0, characters: rows[0]?.characters ?? 0 };
    },
    models: async (namespace) =>
      database.all(
        `SELECT "model", COUNT(*) AS "documents" FROM "RagDocument" WHERE "namespaceId" = ? GROUP BY "model" LIMIT 100`,
        [(await namespaces.find(namespace)) ?? -1],
      ),
    async countOutdated(namespace, { model, readingLimit, wordsVersion }) {
      const rows = await database.all<{ count: number }>(
        `SELECT COUNT(*) AS "count" FROM "RagDocument" WHERE "namespaceId" = ? AND ("model" <> ? OR "readingLimit" <> ? OR "wordsVersion" <> ?)`,
        [(await namespaces.find(namespace)) ?? -1, model, readingLimit, wordsVersion],
      );
      return rows[0]?.count ?? 0;
    },
    languages: (namespace) => namespaces.languages(namespace, "documents"),
    page: async (namespace, afterId, limit) =>
      readVectors(database, `${VECTOR} WHERE "namespaceId" = ? AND "id" > ? ORDER BY "id" LIMIT ?`, [
        (await namespaces.find(namespace)) ?? -1,
        afterId,
        limit,
      ]),
    byId: async (namespace, ids) =>
      readVectors(database, `${VECTOR} WHERE "id" ${THESE} AND "namespaceId" = ?`, [
        JSON.stringify(ids),
        (await namespaces.find(namespace)) ?? -1,
      ]),
  };
}

/** The index's rows go first, while the chunks still say which they are; the chunks go with their document. */
function removal(index: TextIndex, namespaceId: number, where: string, params: readonly SqlValue[]): Statement[] {
  return [
    ...index.remove(namespaceId, {
      sql: `SELECT "id" FROM "RagChunk" WHERE "documentId" IN (SELECT "id" FROM "RagDocument" WHERE ${where})`,
      params,
    }),
    { sql: `DELETE FROM "RagDocument" WHERE ${where}`, params },
  ];
}

/** As the quotas' triggers count it. */
function sizeOf(dialect: Dialect, { text, metadata, body, chunks }: NewDocument): number {
  const ofChunk = ({ start, end, vector }: NewDocument["chunks"][number]) =>
    storedBytes(dialect, body.slice(start, end)) + vector.length;
  return (
    text.length +
    storedBytes(dialect, JSON.stringify(metadata)) +
    chunks.reduce((sum, chunk) => sum + ofChunk(chunk), 0)
  );
}

function insertDocument(namespaceId: number, rowId: number, document: NewDocument): Statement {
  return {
    sql: `INSERT INTO "RagDocument" ("id", "namespaceId", "name", "source", "page", "language", "metadata", "checksum", "chunkSize",
          "chunkOverlap", "chunkCount", "characters", "model", "readingLimit", "wordsVersion", "createdAtMs", "updatedAtMs", "text")
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    params: [
      rowId,
      namespaceId,
      document.id,
      document.source,
      document.page,
      document.language,
      JSON.stringify(document.metadata),
      document.checksum,
      document.chunkSize,
      document.chunkOverlap,
      document.chunkCount,
      document.characters,
      document.model,
      document.readingLimit,
      document.wordsVersion,
      document.createdAtMs,
      document.updatedAtMs,
      document.text,
    ],
  };
}

/** One statement for all of a document's chunks: their text is cut out of the document's in the database. */
function insertChunks(
  { eachPart, numberAt, partOf, textOf, stored }: Dialect,
  namespaceId: number,
  documentId: number,
  firstChunk: number,
  { body, chunks }: NewDocument,
): Statement {
  const texts = packSpans(body, chunks, stored);
  const vectors = packBytes(chunks.map(({ vector }) => vector));
  const part = `part."value"`;
  const rows = chunks.map(({ ordinal, start, end }, at) => [
    ordinal,
    start,
    end,
    ...(texts.spans[at] ?? []),
    ...(vectors.spans[at] ?? []),
  ]);
  return {
    sql: `INSERT INTO "RagChunk" ("id", "namespaceId", "documentId", "ordinal", "start", "end", "text", "vector")
          SELECT CAST(?1 AS bigint) + part."key", CAST(?2 AS bigint), CAST(?3 AS bigint), ${[0, 1, 2].map((at) => numberAt(part, at)).join(", ")},
            ${textOf(partOf("?5", part, 3))}, ${partOf("?6", part, 5)}
          FROM ${eachPart("?4")}`,
    params: [firstChunk, namespaceId, documentId, JSON.stringify(rows), texts.bytes, vectors.bytes],
  };
}

/** The index reads the chunks where they are, unless other words stand for them. */
function indexChunks(
  index: TextIndex,
  key: number,
  rowId: number,
  firstChunk: number,
  document: NewDocument,
): Promise<Statement[]> {
  const { body, chunks, keywords } = document;
  if (keywords !== null)
    return index.addMany(
      key,
      keywords.map((words, at) => ({ id: firstChunk + at, words })),
    );
  return index.addStored(key, rowId, () =>
    chunks.map(({ start, end }, at) => ({ id: firstChunk + at, words: body.slice(start, end) })),
  );
}
