import { expect, it } from "vitest";
import type { ConversationRows } from "../ports/conversation-rows.ts";
import type { DocumentRows } from "../ports/document-rows.ts";
import { packText } from "../stores/rag/document-text.ts";
import { exportConversations, exportDocuments } from "./export-rag.ts";
import { CONVERSATION_COLUMNS, DOCUMENT_COLUMNS } from "./export-sources.ts";

const document = {
  id: "d",
  source: "s",
  page: 3,
  language: "de",
  metadata: { a: 1 },
  chunkSize: 400,
  chunkOverlap: 50,
};
const message = { id: "m", sequence: 1, role: "user", content: "hi", parts: null, metadata: {}, createdAtMs: 0 };

it("an export's CSV has a column for each member of its records", async () => {
  const text = await packText("Zweite");
  const documents = exportDocuments(
    { list: async () => [document], find: async () => document, text: async () => text } as never as DocumentRows,
    "n",
  );
  const messages = exportConversations(
    {
      list: async () => ({ rows: [{ rowId: 1, id: "c", title: null, owner: null, metadata: null }], next: null }),
      messages: async () => ({ rows: [message], isCut: false }),
    } as never as ConversationRows,
    "n",
  );
  for (const [records, columns] of [
    [documents, DOCUMENT_COLUMNS],
    [messages, CONVERSATION_COLUMNS],
  ] as const)
    for await (const record of records) expect(Object.keys(record).sort()).toEqual([...columns].sort());
});

it("conversations are exported with their title, owner and metadata, once each, those without messages too", async () => {
  const told = { title: "Trip", owner: "ada", metadata: { tags: ["sea"] } };
  const untold = { title: null, owner: null, metadata: null };
  const rows = {
    list: async () => ({
      rows: [
        { rowId: 1, id: "c", ...told, createdAtMs: 5 },
        { rowId: 2, id: "empty", ...untold, createdAtMs: 7 },
      ],
      next: null,
    }),
    messages: async (rowId: number) => ({
      rows: rowId === 1 ? [message, { ...message, id: "m2", sequence: 2 }] : [],
      isCut: false,
    }),
  } as never as ConversationRows;
  const records: unknown[] = [];
  for await (const record of exportConversations(rows, "n")) records.push(record);
  expect(records).toMatchObject([
    { conversationId: "c", conversation: told, id: "m" },
    { conversationId: "c", conversation: null, id: "m2" },
    { conversationId: "empty", conversation: untold, id: null, sequence: 0, createdAt: new Date(7).toISOString() },
  ]);
});
