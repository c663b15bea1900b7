import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { createDocumentRows } from "./document-rows.ts";
import { Namespaces } from "./rag-namespaces.ts";
import { openTestDatabase } from "./testing/open-database.ts";

const MIGRATIONS = path.resolve("prisma/migrations/sqlite");

it("documents of an earlier version are found as English, are told as outdated, and languages that come are known after a restart", async () => {
  const directory = mkdtempSync(path.join(tmpdir(), "words-upgrade-"));
  try {
    const before = path.join(directory, "migrations");
    cpSync(MIGRATIONS, before, { recursive: true });
    const later = readdirSync(before).filter((name) => name >= "20261129050000" && name !== "migration_lock.toml");
    for (const name of later) rmSync(path.join(before, name), { recursive: true });
    const file = path.join(directory, "headroom.db");
    const old = await openTestDatabase({ file, migrationsDir: before });
    await old.database.write([
      { sql: `INSERT INTO "RagNamespace" ("id", "name") VALUES (1, 'n')` },
      {
        sql: `CREATE VIRTUAL TABLE "RagText_1" USING fts5("text", content='', contentless_delete=1,
              tokenize='porter unicode61 remove_diacritics 2')`,
      },
      {
        sql: `INSERT INTO "RagDocument" ("id", "namespaceId", "name", "source", "metadata", "checksum", "chunkSize", "chunkOverlap",
              "chunkCount", "characters", "model", "readingLimit", "createdAtMs", "updatedAtMs", "text")
              VALUES (1, 1, 'd', 's', '{}', 'c', 100, 20, 1, 13, 'm', 254, 1, 1, x'00')`,
      },
      {
        sql: `INSERT INTO "RagChunk" ("id", "namespaceId", "documentId", "ordinal", "start", "end", "vector", "text")
              VALUES (1, 1, 1, 0, 0, 13, x'00', 'running wings')`,
      },
      { sql: `INSERT INTO "RagText_1" (rowid, "text") VALUES (1, 'running wings')` },
    ]);
    await old.database.close();

    const { database } = await openTestDatabase({ file });
    const namespaces = await Namespaces.open(database);
    const rows = await createDocumentRows(database, namespaces);
    expect(rows.languages("n")).toEqual(["en"]);
    expect(await rows.matchKeywords("n", '"wing"', 10, null)).toMatchObject([{ id: 1 }]);
    const current = { model: "m", readingLimit: 254, wordsVersion: 1 };
    expect(await rows.countOutdated("n", current)).toBe(1);
    expect(await rows.countOutdated("n", { ...current, wordsVersion: 0 })).toBe(0);

    await Promise.all([
      namespaces.addLanguages(1, "documents", ["de", "en"]),
      namespaces.addLanguages(1, "documents", ["de", "fr"]),
      namespaces.addLanguages(1, "messages", ["ru"]),
    ]);
    const fresh = await namespaces.require("fresh");
    await namespaces.addLanguages(fresh, "documents", ["it"]);
    const reopened = await Namespaces.open(database);
    expect(reopened.languages("n", "documents").toSorted()).toEqual(["de", "en", "fr"]);
    expect(reopened.languages("n", "messages").toSorted()).toEqual(["en", "ru"]);
    expect([reopened.languages("fresh", "documents"), reopened.languages("fresh", "messages")]).toEqual([["it"], []]);
    await database.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
