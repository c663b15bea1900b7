import type { DocumentSummary } from "../ports/document-rows.ts";
import { requireRoom } from "../stores/core/recounted.ts";
import type { RagParts } from "./rag-parts.ts";

// Embedding costs most of a document, so it is not begun where its result has no room. The write itself asks for all it takes.

/** @throws {AppError} quota-exceeded where a namespace has no room for any new document. */
export async function requireAnyRoom({ quotas }: RagParts, namespace: string): Promise<void> {
  const gate = quotas?.of(namespace);
  if (gate) await requireRoom(gate, { bytes: 1, items: 1 });
}

/** @throws {AppError} quota-exceeded where the texts of the passages alone have no room, even without the version before. */
export async function requirePassageRoom(
  { quotas, documents }: RagParts,
  namespace: string,
  { text, spans }: { text: string; spans: readonly { start: number; end: number }[] },
  before: DocumentSummary | null,
): Promise<void> {
  const gate = quotas?.of(namespace);
  if (!gate) return;
  let bytes = before === null ? 0 : -(await documents.bytesOf([before.rowId]));
  for (const { start, end } of spans) bytes += Buffer.byteLength(text.slice(start, end));
  await requireRoom(gate, { bytes, items: before === null ? 1 : 0 });
}
