import { changed, messageOf } from "../../ports/conversation-rows.contract.ts";
import { describeMessageIndexRows, type IndexParts } from "../../ports/message-index-rows.contract.ts";
import { describePassageVectors, type FilledVectors } from "../../ports/passage-vectors.contract.ts";
import { createConversationRows } from "../sqlite/conversation-rows.ts";
import { createMessageIndexRows } from "../sqlite/message-index-rows.ts";
import { Namespaces } from "../sqlite/rag-namespaces.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import { describePostgres, newStorage } from "./testing/new-storage.ts";

describePostgres("the rows of conversations, with a Postgres server", () => {
  const storage = newStorage();
  const open = async (database: PostgresDatabase, parts: IndexParts) => {
    const options = { ...parts, namespaces: await Namespaces.open(database) };
    return {
      conversations: await createConversationRows(database, options),
      index: await createMessageIndexRows(database, options),
    };
  };

  describeMessageIndexRows("the index of messages in Postgres", (parts) =>
    storage((database) => open(database, parts)),
  );

  let begun = 0;
  describePassageVectors("vectors of messages in Postgres", () =>
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
});
