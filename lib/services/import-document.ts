import { type PutDocument, putDocumentSchema } from "../contracts/rag.ts";
import { checkRecord } from "./check-record.ts";
import type { IngestDocument } from "./ingest-document.ts";

const DEFAULT_CHUNKING = { size: 1_000, overlap: 200 };

/** A document from a body or record, completed with defaults. */
export function toDocument(id: string, body: PutDocument): IngestDocument {
  return {
    id,
    text: body.text,
    source: body.source ?? id,
    page: body.page ?? null,
    language: body.language ?? null,
    metadata: body.metadata ?? {},
    chunking: body.chunking ?? DEFAULT_CHUNKING,
  };
}

/** A record of a stream as a document. @throws {AppError} `validation-failed` that names the field. */
export function readDocument(id: string, record: unknown): IngestDocument {
  return toDocument(id, checkRecord(putDocumentSchema, record));
}
