import { type PutDocument, putDocumentSchema } from "../contracts/rag.ts";
import { AppError } from "../shared/errors.ts";
import type { IngestDocument } from "./ingest-document.ts";

const DEFAULT_CHUNKING = { size: 1_000, overlap: 200 };

/** A document as a body or a record gives it, with what it leaves out. */
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
  const parsed = putDocumentSchema.safeParse(record);
  if (parsed.success) return toDocument(id, parsed.data);
  const [issue] = parsed.error.issues;
  const path = `/${issue?.path.map(String).join("/") ?? ""}`;
  throw new AppError("validation-failed", `${path}: ${issue?.message ?? "does not fit"}`);
}
