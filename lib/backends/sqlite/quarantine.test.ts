import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { Namespaces } from "./rag-namespaces.ts";
import { openTestDatabase } from "./testing/open-database.ts";

const asideOf = (file: string) => readdirSync(path.dirname(file)).filter((name) => name.includes(".damaged-"));

describe("a start with many namespaces", () => {
  it("opens no full-text index: one that cannot be opened costs its own namespace the search by words, and no data", async () => {
    const { database, file } = await openTestDatabase();
    const made = await Namespaces.open(database);
    const ids = [await made.require("a"), await made.requireMessages("b")];
    await database.write([
      // FTS5 reads its version when an index is opened, and refuses one that it does not know.
      ...ids.map((id) => ({ sql: `UPDATE "RagText_${id}_config" SET v = 99 WHERE k = 'version'` })),
      { sql: `UPDATE "MessageText_${ids[1]}_config" SET v = 99 WHERE k = 'version'` },
      { sql: `INSERT INTO "Meta" ("name", "value") VALUES ('kept', 'x')` },
    ]);
    await database.close();
    const { database: again } = await openTestDatabase({ file });
    expect(asideOf(file)).toEqual([]);
    expect(await again.all(`SELECT "name" FROM "Meta" WHERE "name" = 'kept'`)).toHaveLength(1);
    for (const table of [`"RagText_${ids[0]}"`, `"MessageText_${ids[1]}"`])
      await expect(again.all(`SELECT rowid FROM ${table} WHERE ${table} MATCH 'x'`)).rejects.toThrow("99");
    const namespaces = await Namespaces.open(again);
    const third = await namespaces.require("c");
    expect(await again.all(`SELECT rowid FROM "RagText_${third}" WHERE "RagText_${third}" MATCH 'x'`)).toEqual([]);
    await again.close();
    rmSync(path.dirname(file), { recursive: true });
  });

  it("still moves a database aside whose rows are damaged, byte by byte as it was", async () => {
    const { database, file } = await openTestDatabase();
    await database.write(
      Array.from({ length: 50 }, (_, index) => ({
        sql: `INSERT INTO "Meta" ("name", "value") VALUES (?, ?)`,
        params: [`name-${index}`, "x".repeat(5_000)],
      })),
    );
    await database.close();
    const bytes = readFileSync(file);
    const at = bytes.indexOf("name-25");
    bytes.fill(0x5a, Math.floor(at / 4096) * 4096, Math.ceil(at / 4096) * 4096);
    writeFileSync(file, bytes);
    const { database: again } = await openTestDatabase({ file });
    const [aside = ""] = asideOf(file);
    expect(readFileSync(path.join(path.dirname(file), aside)).equals(bytes)).toBe(true);
    expect(await again.all(`SELECT "name" FROM "Meta" WHERE "name" LIKE 'name-%'`)).toEqual([]);
    await again.close();
    expect(existsSync(file)).toBe(true);
    rmSync(path.dirname(file), { recursive: true });
  });
});
