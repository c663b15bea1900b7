import type { ConversationPosition, ConversationRows } from "../ports/conversation-rows.ts";
import type { DocumentRows } from "../ports/document-rows.ts";
import { unpackText } from "../stores/rag/document-text.ts";

const PAGE = 100;

/** Every document of a namespace, in a form that can be imported again. Read in pages, one text at a time. */
export async function* exportDocuments(rows: DocumentRows, namespace: string): AsyncGenerator<Record<string, unknown>> {
  for (let afterId: string | null = null; ; ) {
    const page = await rows.list(namespace, afterId, PAGE);
    for (const { id, source, page: number, language, metadata, chunkSize, chunkOverlap } of page) {
      const bytes = await rows.text(namespace, id);
      // Removed since the page was read.
      if (bytes === null) continue;
      const text = await unpackText(bytes);
      yield {
        id,
        source,
        page: number,
        language,
        metadata,
        chunking: { size: chunkSize, overlap: chunkOverlap },
        text,
      };
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    afterId = last.id;
  }
}

/** Every message of a namespace's conversations, each conversation in its order. */
export async function* exportConversations(
  rows: ConversationRows,
  namespace: string,
): AsyncGenerator<Record<string, unknown>> {
  let after: ConversationPosition | null = null;
  do {
    const page: Awaited<ReturnType<ConversationRows["list"]>> = await rows.list(namespace, after, PAGE);
    for (const { rowId, id } of page.rows) {
      for (let afterSequence = 0; ; ) {
        const messages = await rows.messages(rowId, { role: null, afterSequence, limit: PAGE });
        for (const { id: messageId, sequence, role, content, parts, metadata, createdAtMs } of messages)
          yield {
            conversationId: id,
            id: messageId,
            sequence,
            role,
            content: parts ?? content,
            metadata,
            createdAt: new Date(createdAtMs).toISOString(),
          };
        const last = messages.at(-1);
        if (last === undefined || messages.length < PAGE) break;
        afterSequence = last.sequence;
      }
    }
    after = page.next;
  } while (after !== null);
}
