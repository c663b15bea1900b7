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

/**
 * Every message of a namespace's conversations, each conversation in its order. Its first record says what the
 * conversation says of itself; one without messages has that record alone.
 */
export async function* exportConversations(
  rows: ConversationRows,
  namespace: string,
): AsyncGenerator<Record<string, unknown>> {
  let after: ConversationPosition | null = null;
  do {
    const page: Awaited<ReturnType<ConversationRows["list"]>> = await rows.list(namespace, ALL, after, PAGE);
    for (const { rowId, id: conversationId, title, owner, metadata, createdAtMs } of page.rows) {
      let conversation: Record<string, unknown> | null = { title, owner, metadata };
      for await (const message of messagesOf(rows, rowId)) {
        yield { conversationId, conversation, ...recordOf(message) };
        conversation = null;
      }
      if (conversation !== null) yield { conversationId, conversation, ...NO_MESSAGE, createdAt: iso(createdAtMs) };
    }
    after = page.next;
  } while (after !== null);
}

const iso = (ms: number): string => new Date(ms).toISOString();

const NO_MESSAGE = { id: null, sequence: 0, role: null, content: null, metadata: null };

function recordOf({ id, sequence, role, content, parts, metadata, createdAtMs }: MessageRow): Record<string, unknown> {
  return { id, sequence, role, content: parts ?? content, metadata, createdAt: iso(createdAtMs) };
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
