import type { SqlDialect } from "../ports/database.ts";
import { toPgText } from "./postgres/statement-text.ts";

/**
 * Where SQLite and Postgres have different words for the same. All else in the drivers' statements is SQL that both speak: names in
 * quotes, `ON CONFLICT`, windows, a name for each query within a query, and a type where a parameter stands alone.
 */
export interface Dialect {
  /** A query for the numbers of a JSON list. */
  numbers(list: string): string;
  /** A query for the texts of a JSON list. */
  texts(list: string): string;
  /** What to read from for the items of a JSON list: `part."key"`, from 0 on, and `part."value"`. */
  eachPart(list: string): string;
  /** A whole number in a JSON list. */
  numberAt(json: string, at: number): string;
  /** A parameter of bytes, where nothing else tells that it is one. */
  bytes(parameter: string): string;
  /** The part of a parameter of bytes that two numbers of a JSON list name: offset and length, the first of them at `at`. */
  partOf(bytes: string, json: string, at?: number): string;
  /** A text as it is kept: packed texts do not pass the place where others are made so. */
  stored(text: string): string;
  /** Bytes of UTF-8 as text. */
  textOf(bytes: string): string;
  /** What to read from for the pairs of a JSON list in a column: `use."value"`, one a row. */
  eachPair(column: string): string;
  /** A whole number in JSON. */
  numberIn(json: string): string;
  /** Of two values. */
  greatest: "MAX" | "GREATEST";
  least: "MIN" | "LEAST";
  jsonObject: "json_object" | "json_build_object";
  /** A text that may hold U+0000, in a form that is read whole: text or bytes. */
  whole(column: string): string;
  /** How many characters such a text has, or some more. */
  characters(column: string): string;
  /** A query for what the database takes of its disk quota: `used`, in bytes; null where its disk is not ours to bound. */
  usedBytes: string | null;
  /** Joins the next table to what was named before, in this order where that must be said. */
  inThisOrder: "CROSS JOIN" | "JOIN";
  /** Which index to read a table by, where that must be said. */
  indexedBy(index: string): string;
}

const SQLITE: Dialect = {
  numbers: (list) => `SELECT value FROM json_each(${list})`,
  texts: (list) => `SELECT value FROM json_each(${list})`,
  eachPart: (list) => `json_each(${list}) AS part`,
  numberAt: (json, at) => `json_extract(${json}, '$[${at}]')`,
  bytes: (parameter) => parameter,
  partOf: (bytes, json, at = 0) =>
    `substr(${bytes}, json_extract(${json}, '$[${at}]') + 1, json_extract(${json}, '$[${at + 1}]'))`,
  stored: (text) => text,
  textOf: (bytes) => `CAST(${bytes} AS TEXT)`,
  eachPair: (column) => `json_each(${column}) AS use`,
  numberIn: (json) => json,
  greatest: "MAX",
  least: "MIN",
  jsonObject: "json_object",
  // The driver ends a text at its first U+0000.
  whole: (column) => `CAST(${column} AS BLOB)`,
  // length() ends at U+0000: then a quarter of the bytes is counted at least.
  characters: (column) => `MAX(length(${column}), octet_length(${column}) / 4)`,
  usedBytes: `SELECT (page_count - freelist_count) * page_size AS "used"
    FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()`,
  inThisOrder: "CROSS JOIN",
  indexedBy: (index) => `INDEXED BY "${index}"`,
};

const POSTGRES: Dialect = {
  numbers: (list) => `SELECT "value"::bigint FROM json_array_elements_text(CAST(${list} AS json)) AS list("value")`,
  texts: (list) => `SELECT "value" FROM json_array_elements_text(CAST(${list} AS json)) AS list("value")`,
  eachPart: (list) =>
    `(SELECT "value", "place" - 1 AS "key" FROM json_array_elements(CAST(${list} AS json)) WITH ORDINALITY AS list("value", "place")) AS part`,
  numberAt: (json, at) => `CAST(${json}->>${at} AS bigint)`,
  bytes: (parameter) => `CAST(${parameter} AS bytea)`,
  partOf: (bytes, json, at = 0) =>
    `substr(CAST(${bytes} AS bytea), CAST(${json}->>${at} AS int) + 1, CAST(${json}->>${at + 1} AS int))`,
  stored: toPgText,
  textOf: (bytes) => `convert_from(${bytes}, 'UTF8')`,
  eachPair: (column) => `json_array_elements(CAST(${column} AS json)) AS use("value")`,
  numberIn: (json) => `CAST(${json} AS bigint)`,
  greatest: "GREATEST",
  least: "LEAST",
  jsonObject: "json_build_object",
  whole: (column) => column,
  characters: (column) => `length(${column})`,
  usedBytes: null,
  inThisOrder: "JOIN",
  indexedBy: () => "",
};

/** How many bytes a text takes as it is kept, as `octet_length` tells. */
export const storedBytes = ({ stored }: Dialect, text: string): number => Buffer.byteLength(stored(text));

export const dialectOf = ({ dialect }: { readonly dialect: SqlDialect }): Dialect =>
  dialect === "postgres" ? POSTGRES : SQLITE;
