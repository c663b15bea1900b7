import { rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createConversationRows } from "../backends/sqlite/conversation-rows.ts";
import type { DatabaseClient } from "../backends/sqlite/database-client.ts";
import { createDocumentRows } from "../backends/sqlite/document-rows.ts";
import { Namespaces } from "../backends/sqlite/rag-namespaces.ts";
import { openTestDatabase } from "../backends/sqlite/testing/open-database.ts";
import type { ConversationPosition, ConversationRows } from "../ports/conversation-rows.ts";
import { exportConversations } from "./export-rag.ts";

let database: DatabaseClient;
let file: string;
let namespaces: Namespaces;
beforeAll(async () => {
  ({ database, file } = await openTestDatabase());
  namespaces = await Namespaces.open(database);
});
afterAll(async () => {
  await database.close();
  rmSync(path.dirname(file), { recursive: true });
});

const ROWS = 2_500;
/** In an order unlike that of the rows: 1,009 is prime to 2,500. */
const nameOf = (row: number) => `n${String((row * 1_009) % ROWS).padStart(4, "0")}`;
const names = Array.from({ length: ROWS }, (_, row) => nameOf(row)).toSorted();
const each = (make: (row: number) => Promise<unknown>) =>
  Promise.all(Array.from({ length: ROWS }, (_, row) => make(row)));

const wordsOf = async (words: string) => ({ words, languages: ["en"] });

describe("conversations", () => {
  const say = async (rows: ConversationRows, namespace: string, id: string, atMs: number) => {
    const known = await rows.find(namespace, id);
    const message = { id: `m${known?.lastSequence}`, role: "user", content: "x", parts: null, metadata: null };
    const change = { atMs, fields: null, keepUpTo: null, removed: null, edited: null };
    return rows.change(namespace, id, known, { ...change, added: [message] });
  };

  it("are listed once each, 2,500 of six milliseconds, while messages come, new ones begin and others go", async () => {
    const rows = await createConversationRows(database, { namespaces, wordsOf });
    await each((row) => say(rows, "list", nameOf(row), Math.floor(row / 500)));
    const seen: string[] = [];
    let after: ConversationPosition | null = null;
    let pages = 0;
    do {
      const page: Awaited<ReturnType<typeof rows.list>> = await rows.list(
        "list",
        { owner: null, prefix: null },
        after,
        100,
      );
      seen.push(...page.rows.map(({ id }) => id));
      after = page.next;
      pages++;
      // One that is still to come and one that was shown move to the front, and one begins there.
      for (const moved of [nameOf(pages), nameOf(ROWS - pages), `new-${pages}`])
        await say(rows, "list", moved, 100 + pages);
      await rows.remove("list", [`new-${pages - 2}`]);
    } while (after !== null);
    expect(seen.toSorted()).toEqual(names);
    expect(pages).toBe(ROWS / 100);
  });

  it("are exported once each, whichever get messages meanwhile", async () => {
    const rows = await createConversationRows(database, { namespaces, wordsOf });
    await each((row) => say(rows, "export", nameOf(row), row % 3));
    const seen: unknown[] = [];
    for await (const { conversationId } of exportConversations(rows, "export")) {
      seen.push(conversationId);
      if (seen.length % 100 === 0) await say(rows, "export", `new-${seen.length}`, 50);
    }
    expect(seen.toSorted()).toEqual(names);
  });
});

describe("documents", () => {
  it("are listed and walked once each, 2,500 of one millisecond, while others come and go", async () => {
    const rows = await createDocumentRows(database, namespaces);
    const put = (id: string) =>
      rows.replace("walk", {
        ...{
          id,
          source: "s",
          page: null,
          language: null,
          metadata: {},
          checksum: "c",
          chunkSize: 100,
          chunkOverlap: 20,
        },
        ...{ chunkCount: 0, characters: 0, model: "m", readingLimit: 0, createdAtMs: 1, updatedAtMs: 1 },
        ...{ text: new Uint8Array(), body: "", chunks: [], keywords: null, languages: ["en"], wordsVersion: 1 },
      });
    await each((row) => put(nameOf(row)));
    const listed: string[] = [];
    for (let after: readonly [number, string] | null = null; ; ) {
      const query = { source: null, by: "id", descending: false, after, limit: 100 } as const;
      const page: Awaited<ReturnType<typeof rows.list>> = await rows.list("walk", query);
      listed.push(...page.map(({ id }) => id));
      const last = page.at(-1);
      if (last === undefined) break;
      after = [0, last.id];
      await put(`a-${listed.length}`);
    }
    expect(listed.filter((id) => id.startsWith("n"))).toEqual(names);
    const walked: string[] = [];
    for (let after = 0; ; ) {
      const page = await rows.walk("walk", after, 100);
      walked.push(...page.map(({ id }) => id));
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.rowId;
      const beside = await rows.find("walk", `a-${walked.length}`);
      if (beside !== null) await rows.remove("walk", [beside.rowId]);
    }
    expect(walked.filter((id) => id.startsWith("n"))).toEqual(Array.from({ length: ROWS }, (_, row) => nameOf(row)));
  });
});
