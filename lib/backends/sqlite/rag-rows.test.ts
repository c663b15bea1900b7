import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createConversationRows } from "./conversation-rows.ts";
import type { DatabaseClient } from "./database-client.ts";
import { createMessageIndexRows } from "./message-index-rows.ts";
import { Namespaces } from "./rag-namespaces.ts";
import { openTestDatabase } from "./testing/open-database.ts";

let database: DatabaseClient;
let namespaces: Namespaces;
beforeAll(async () => {
  ({ database } = await openTestDatabase());
  namespaces = await Namespaces.open(database);
});
afterAll(() => database.close());

describe("messages", () => {
  it("come back letter by letter, and each gets as many windows as it was given", async () => {
    const options = { namespaces, model: () => "m", wordsOf: async (words: string) => ({ words, languages: ["en"] }) };
    const rows = await createConversationRows(database, options);
    const index = await createMessageIndexRows(database, options);
    const contents = ["plain", "with \u0000 inside", "日本 😀", ""];
    const messageOf = (content: string, at: number) => ({
      ...{ id: `m${at}`, role: "user", content, parts: null, metadata: null },
    });
    const change = { atMs: 1, fields: null, keepUpTo: null, removed: null, edited: null };
    await rows.change("n", "c", null, { ...change, added: contents.map(messageOf) });
    const conversation = await rows.find("n", "c");
    const everything = { role: null, after: 0, before: 100, descending: false, limit: 100 };
    const { rows: messages } = await rows.messages(conversation?.rowId ?? -1, everything);
    expect(messages.map(({ content }) => content)).toEqual(contents);
    const pending = await index.pending("n", 10, 1_000);
    expect(pending.map(({ content }) => content)).toEqual([...contents].reverse());
    expect(await index.countPending("n", 10)).toBe(4);
    const windowsOf = (rowId: number) =>
      Array.from({ length: rowId % 3 }, (_, at) => new Uint8Array(4).fill(rowId + at));
    await index.setWindows(
      "n",
      pending.map(({ rowId, version }) => ({ rowId, version, windows: windowsOf(rowId) })),
    );
    expect([await index.pending("n", 10, 1_000), await index.countPending("n", 10)]).toEqual([[], 0]);
    const ids = pending.map(({ rowId }) => rowId);
    const found = await index.windowsOf(ids);
    for (const id of ids)
      expect(found.filter(({ rowId }) => rowId === id).map(({ vector }) => [...vector])).toEqual(
        windowsOf(id).map((vector) => [...vector]),
      );
    expect((await index.page("n", 0, 10)).length).toBe(found.length);
  });
});
