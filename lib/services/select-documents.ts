import type { DocumentListQuery, DocumentOrder, DocumentRows, DocumentSummary } from "../ports/document-rows.ts";
import { compileFilter, type Filter } from "../shared/filter.ts";

/** Which documents of a namespace: those that meet both; null: any. */
export interface DocumentSelection {
  source: string | null;
  filter: Filter | null;
}

type Place = NonNullable<DocumentListQuery["after"]>;

/** Documents that a filter looks at in one step. */
const FILTER_PAGE = 1_000;

/** A page of those that match. A filter is asked page by page, so that no more than one page is held. */
export async function listDocuments(
  documents: DocumentRows,
  namespace: string,
  { source, filter }: DocumentSelection,
  { by, descending, after, limit }: Omit<DocumentListQuery, "source">,
): Promise<{ rows: DocumentSummary[]; next: Place | null }> {
  const takes = filter === null ? null : compileFilter(filter);
  const size = takes === null ? limit + 1 : FILTER_PAGE;
  const found: DocumentSummary[] = [];
  for (let place = after; found.length <= limit; ) {
    const page = await documents.list(namespace, { source, by, descending, after: place, limit: size });
    for (const document of page) if (takes === null || takes(filterRecord(document))) found.push(document);
    const last = page.at(-1);
    if (last === undefined || page.length < size) break;
    place = placeOf(last, by);
  }
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, next: last === undefined || found.length <= limit ? null : placeOf(last, by) };
}

/** All that match, in pages in the order of their rows: each is met once, whatever is written meanwhile. */
export async function* matchingDocuments(
  documents: DocumentRows,
  namespace: string,
  { source, filter }: DocumentSelection,
): AsyncGenerator<DocumentSummary[]> {
  const takes = filter === null ? null : compileFilter(filter);
  for (let afterRowId = 0; ; ) {
    const page = await documents.walk(namespace, afterRowId, FILTER_PAGE, source);
    yield takes === null ? page : page.filter((document) => takes(filterRecord(document)));
    const last = page.at(-1);
    if (last === undefined || page.length < FILTER_PAGE) return;
    afterRowId = last.rowId;
  }
}

/** A document with its own text, deflated: where it is replaced between the two reads, both are read again. */
export async function readDocumentText(
  documents: DocumentRows,
  namespace: string,
  id: string,
): Promise<{ document: DocumentSummary; text: Uint8Array } | null> {
  for (;;) {
    const document = await documents.find(namespace, id);
    if (document === null) return null;
    const text = await documents.text(document.rowId);
    if (text !== null) return { document, text };
  }
}

/** How many match, and their bytes on disk. */
export async function measureDocuments(
  documents: DocumentRows,
  namespace: string,
  selection: DocumentSelection,
): Promise<{ count: number; bytes: number }> {
  let [count, bytes] = [0, 0];
  for await (const page of matchingDocuments(documents, namespace, selection)) {
    if (page.length === 0) continue;
    count += page.length;
    bytes += await documents.bytesOf(page.map(({ rowId }) => rowId));
  }
  return { count, bytes };
}

function placeOf(document: DocumentSummary, by: DocumentOrder): Place {
  return [by === "id" ? 0 : FIGURES[by](document), document.id];
}

const FIGURES: Readonly<Record<Exclude<DocumentOrder, "id">, (document: DocumentSummary) => number>> = {
  updatedAt: ({ updatedAtMs }) => updatedAtMs,
  createdAt: ({ createdAtMs }) => createdAtMs,
  characters: ({ characters }) => characters,
  chunks: ({ chunkCount }) => chunkCount,
};

/** Fields of the document itself, its metadata's by their own names where they do not collide, and below `metadata`. */
function filterRecord(document: DocumentSummary): Record<string, unknown> {
  const { id, source, page, language, metadata } = document;
  const createdAt = new Date(document.createdAtMs).toISOString();
  const updatedAt = new Date(document.updatedAtMs).toISOString();
  return { ...metadata, id, documentId: id, source, page, language, metadata, createdAt, updatedAt };
}
