import type { Database } from "../ports/database.ts";
import { PostgresTextIndex } from "./postgres/text-index.ts";
import { SqliteTextIndex } from "./sqlite/text-index.ts";
import type { TextIndex, TextKind } from "./text-index.ts";

/** The full-text index of a database's texts. */
export const openTextIndex = (database: Database, kind: TextKind): TextIndex =>
  database.dialect === "postgres" ? new PostgresTextIndex(database, kind) : new SqliteTextIndex(database, kind);
