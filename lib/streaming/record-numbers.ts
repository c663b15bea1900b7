import { plainDigits } from "../shared/exact-number.ts";
import { doubtfulPath, isDoubtful, LongNumber } from "../shared/long-number.ts";
import type { TransformSpec } from "./transforms/transform.ts";

/** Where records go, as far as their numbers are concerned. */
export type RecordTarget = "none" | "sessions" | "cache" | "vectors" | "rag";

type Fields = Record<string, unknown>;

/** As long as an id may be. */
const LONGEST_ID = 256;
const VECTORS: readonly string[] = ["vector", "embedding"];
const hasVectors = (target: RecordTarget): boolean => target === "vectors" || target === "none";

/** Members of a session's record that is more than its data. */
const SESSION_BODY: ReadonlySet<string> = new Set(["id", "data", "idleTimeoutSeconds", "tags"]);
/** What an export tells of each session. */
const SESSION_COLUMNS: readonly string[] = [
  "id",
  "createdAt",
  "lastUsedAt",
  "expiresAt",
  "idleTimeoutSeconds",
  "version",
  "data",
];

/** These with what it tells of some: that the id is the caller's own, an end that use does not move, and tags. */
export const ALL_SESSION_COLUMNS: readonly string[] = [...SESSION_COLUMNS, "ownId", "endsAt", "tags"];

/** Whether a session's record is an export's: with all of its members, as data of the consumer's own may have some of them. */
export const isExportedSession = (record: Fields): boolean =>
  SESSION_COLUMNS.every((key) => Object.hasOwn(record, key)) &&
  Object.keys(record).every((key) => ALL_SESSION_COLUMNS.includes(key));

/** Whether a session's record names its data; else it is the data. */
export const isSessionBody = (record: Fields): boolean =>
  Object.hasOwn(record, "data") &&
  (Object.keys(record).every((key) => SESSION_BODY.has(key)) || isExportedSession(record));

/** Whether a cached response's record names its body; else the record is the body, as JSON. */
export const isCacheBody = (record: Fields): boolean => Object.hasOwn(record, "key") && typeof record.body === "string";

/** Keys of the records, before their transform, whose lists end as vectors: these are rounded to their precision. */
export function roundedKeys(target: RecordTarget, { rename = [], cast = [] }: TransformSpec): readonly string[] {
  if (!hasVectors(target)) return [];
  const renamed = new Map(rename);
  const recast = new Set(cast.map(([field]) => field));
  const sources = rename.filter(([, to]) => VECTORS.includes(to)).map(([from]) => from);
  return [...VECTORS.filter((key) => !renamed.has(key)), ...sources].filter((key) => !recast.has(key));
}

/** A number of an id as text: its digits, so that two ids that differ never meet. Null when it is too long for an id. */
export const idDigits = (value: number | LongNumber): string | null =>
  plainDigits(value instanceof LongNumber ? value.text : Object.is(value, -0) ? "-0" : String(value), LONGEST_ID);

/**
 * Makes a record fit to be kept that holds numbers which are not: those of an id become its digits, those of vectors are rounded.
 * The record may be changed.
 *
 * @returns null, or where a number stands that would not keep its value.
 */
export function settleNumbers(record: unknown, target: RecordTarget): readonly (string | number)[] | null {
  if (typeof record !== "object" || record === null || Array.isArray(record)) return doubtfulPath(record);
  const fields = record as Fields;
  for (const [key, value] of Object.entries(fields)) {
    if (isIdKey(fields, key, target) && isDoubtful(value)) {
      const digits = idDigits(value as number | LongNumber);
      if (digits === null) return [key];
      fields[key] = digits;
    } else {
      const list = hasVectors(target) && VECTORS.includes(key) && Array.isArray(value);
      // A vector's -0 stays: as a coordinate it is 0.
      if (list) fields[key] = value.map(asDouble);
      const path = doubtfulPath(list ? value.filter((inner) => !isDoubtful(inner)) : value);
      if (path) return [key, ...path];
    }
  }
  return null;
}

const asDouble = (value: unknown): unknown => (value instanceof LongNumber ? Number(value.text) : value);

/** Ids that are no part of what is kept, so that they may become text. */
function isIdKey(record: Fields, key: string, target: RecordTarget): boolean {
  if (key === "id") return target === "sessions" ? isSessionBody(record) : target !== "cache";
  return key === "key" && (target === "none" || (target === "cache" && isCacheBody(record)));
}
