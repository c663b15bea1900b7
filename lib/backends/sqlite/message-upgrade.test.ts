import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { createConversationRows } from "./conversation-rows.ts";
import { createMessageIndexRows } from "./message-index-rows.ts";
import { Namespaces } from "./rag-namespaces.ts";
import { openTestDatabase } from "./testing/open-database.ts";

const MIGRATIONS = path.resolve("prisma/migrations/sqlite");

it("messages of an earlier version keep their vectors, and those that were embedded in part wait to be embedded again", async () => {
  const directory = mkdtempSync(path.join(tmpdir(), "message-upgrade-"));
  try {
    const before = path.join(directory, "migrations");
    cpSync(MIGRATIONS, before, { recursive: true });
    const later = readdirSync(before).filter((name) => name >= "20261129020000" && name !== "migration_lock.toml");
    for (const name of later) rmSync(path.join(before, name), { recursive: true });
    const file = path.join(directory, "headroom.db");
    const old = await openTestDatabase({ file, migrationsDir: before });
    const message = (sequence: number, content: string, isEmbedded: boolean) => ({
      sql: `INSERT INTO "ConversationMessage" ("namespace", "conversationId", "sequence", "role", "createdAtMs", "model", "vector", "content")
            VALUES ('n', 1, ?, 'user', 1, ?, ?, ?)`,
      params: [sequence, isEmbedded ? "m" : null, isEmbedded ? new Uint8Array(4).fill(sequence) : null, content],
    });
    await old.database.write([
      {
        sql: `INSERT INTO "Conversation" ("id", "namespace", "name", "createdAtMs", "lastMessageAtMs", "messageCount") VALUES (1, 'n', 'c', 1, 1, 3)`,
      },
      message(1, "short", true),
      message(2, "long ".repeat(400), true),
      message(3, "new", false),
    ]);
    await old.database.close();

    const { database } = await openTestDatabase({ file });
    const options = {
      namespaces: await Namespaces.open(database),
      model: () => "m",
      wordsOf: async (words: string) => ({ words, languages: ["en"] }),
    };
    const index = await createMessageIndexRows(database, options);
    const conversations = await createConversationRows(database, options);
    expect((await index.page("n", 0, 10)).map(({ vector }) => vector[0])).toEqual([1, 2]);
    expect((await index.pending("n", 10, 10_000)).map(({ sequence }) => sequence)).toEqual([3, 2]);
    expect(await index.matchWords("n", "long OR new", 10, null)).toEqual([]);
    expect(await index.indexEarlier("n")).toBe(false);
    expect((await index.matchWords("n", "long OR new", 10, null)).map(({ id }) => id).sort()).toEqual([2, 3]);
    const everything = { role: null, after: 0, before: 9, descending: false, limit: 9 };
    const { rows } = await conversations.messages(1, everything);
    expect(rows.map(({ id, version, parts, updatedAtMs }) => [id, version, parts, updatedAtMs])).toEqual(
      rows.map(({ rowId, sequence }) => [String(rowId), sequence, null, 1]),
    );
    const fields = { title: null, owner: null, metadata: null };
    expect(await conversations.find("n", "c")).toMatchObject({
      version: 3,
      lastSequence: 3,
      updatedAtMs: 1,
      ...fields,
    });
    expect(await conversations.remove("n", ["c"])).toEqual([1]);
    expect([await index.page("n", 0, 10), await index.matchWords("n", "long OR new", 10, null)]).toEqual([[], []]);
    await database.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
