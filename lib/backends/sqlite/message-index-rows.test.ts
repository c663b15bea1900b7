import { changed, messageOf } from "../../ports/conversation-rows.contract.ts";
import { describeMessageIndexRows, type IndexParts } from "../../ports/message-index-rows.contract.ts";
import { describePassageVectors, type FilledVectors } from "../../ports/passage-vectors.contract.ts";
import { createConversationRows } from "./conversation-rows.ts";
import type { DatabaseClient } from "./database-client.ts";
import { createMessageIndexRows } from "./message-index-rows.ts";
import { Namespaces } from "./rag-namespaces.ts";
import { newStorage } from "./testing/new-storage.ts";

const storage = newStorage();
const open = async (database: DatabaseClient, parts: IndexParts) => {
  const options = { ...parts, namespaces: await Namespaces.open(database) };
  return {
    conversations: await createConversationRows(database, options),
    index: await createMessageIndexRows(database, options),
  };
};

describeMessageIndexRows("the index of messages in SQLite", (parts) => storage((database) => open(database, parts)));

let begun = 0;
describePassageVectors("vectors of messages in SQLite", () =>
  storage(async (database): Promise<FilledVectors> => {
    const wordsOf = async (words: string) => ({ words, languages: [] });
    const { conversations, index } = await open(database, { model: () => "m", wordsOf });
    return {
      source: index,
      async put(scope, vectors) {
        const { added } = await changed(conversations, `c${++begun}`, { added: [messageOf("m")] }, scope);
        return index.setWindows(
          scope,
          added.map(({ rowId, version }) => ({ rowId, version, windows: vectors })),
        );
      },
      async removeDocument(scope, rowId) {
        const owners = await conversations.conversationIds([rowId]);
        await conversations.remove(
          scope,
          owners.map(({ id }) => id),
        );
      },
    };
  }),
);
