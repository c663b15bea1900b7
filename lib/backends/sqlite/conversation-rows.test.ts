import { describeConversationLists } from "../../ports/conversation-lists.contract.ts";
import { describeConversationRows } from "../../ports/conversation-rows.contract.ts";
import { createConversationRows } from "./conversation-rows.ts";
import type { DatabaseClient } from "./database-client.ts";
import { Namespaces } from "./rag-namespaces.ts";
import { newStorage } from "./testing/new-storage.ts";

const storage = newStorage();
const open = async (database: DatabaseClient) =>
  createConversationRows(database, {
    namespaces: await Namespaces.open(database),
    // The longest messages are not here to be found.
    wordsOf: async (words) => ({ words: words.slice(0, 1_000), languages: ["en"] }),
  });

describeConversationRows("conversations in SQLite", () => storage(open));
describeConversationLists("lists of conversations in SQLite", () => storage(open));
