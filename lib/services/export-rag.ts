import type { ConversationPosition, ConversationRows, MessageRow } from "../ports/conversation-rows.ts";
import type { DocumentRows } from "../ports/document-rows.ts";
import { unpackText } from "../stores/rag/document-text.ts";
import { readDocumentText } from "./select-documents.ts";

const PAGE = 100;

/** Every document of a namespace, in a form that can be imported again. Read in pages, one text at a time. */
export async function* exportDocuments(rows: DocumentRows, namespace: string): AsyncGenerator<Record<string, unknown>> {
  for (let after: readonly [number, string] | null = null; ; ) {
    const page = await rows.list(namespace, { source: null, by: "id", descending: false, after, limit: PAGE });
    for (const { id } of page) {
      const found = await readDocumentText(rows, namespace, id);
      // Removed since the page was read.
      if (found === null) continue;
      const { source, page: number, language, metadata, chunkSize: size, chunkOverlap: overlap } = found.document;
      const text = await unpackText(found.text);
      yield { id, source, page: number, language, metadata, chunking: { size, overlap }, text };
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = [0, last.id];
  }
}

const ALL = { owner: null, prefix: null };

/** Every message of a namespace's conversations, each conversation in its order. */
export async function* exportConversations(
  rows: ConversationRows,
  namespace: string,
): AsyncGenerator<Record<string, unknown>> {
  let after: ConversationPosition | null = null;
  do {
    const page: Awaited<ReturnType<ConversationRows["list"]>> = await rows.list(namespace, ALL, after, PAGE);
    for (const { rowId, id } of page.rows) {
      for await (const { id: messageId, sequence, role, content, parts, metadata, createdAtMs } of messagesOf(
        rows,
        rowId,
      ))
        yield {
          conversationId: id,
          id: messageId,
          sequence,
          role,
          content: parts ?? content,
          metadata,
          createdAt: new Date(createdAtMs).toISOString(),
        };
    }
    after = page.next;
  } while (after !== null);
}

async function* messagesOf(rows: ConversationRows, rowId: number): AsyncGenerator<MessageRow> {
  for (let after = 0; ; ) {
    const query = { role: null, after, before: Number.MAX_SAFE_INTEGER, descending: false, limit: PAGE };
    const page = await rows.messages(rowId, query);
    yield* page.rows;
    const last = page.rows.at(-1);
    if (last === undefined || !page.isCut) return;
    after = last.sequence;
  }
}
