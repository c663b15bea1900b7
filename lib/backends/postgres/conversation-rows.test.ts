import { describeConversationLists } from "../../ports/conversation-lists.contract.ts";
import { describeConversationRows } from "../../ports/conversation-rows.contract.ts";
import { createConversationRows } from "../sqlite/conversation-rows.ts";
import { Namespaces } from "../sqlite/rag-namespaces.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import { describePostgres, newStorage } from "./testing/new-storage.ts";

describePostgres("the rows of conversations, with a Postgres server", () => {
  const storage = newStorage();
  const open = async (database: PostgresDatabase) =>
    createConversationRows(database, {
      namespaces: await Namespaces.open(database),
      // The longest messages are not here to be found.
      wordsOf: async (words) => ({ words: words.slice(0, 1_000), languages: ["en"] }),
    });

  describeConversationRows("conversations in Postgres", () => storage(open));
  describeConversationLists("lists of conversations in Postgres", () => storage(open));
});
