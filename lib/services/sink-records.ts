import { cacheSetSchema } from "../contracts/cache.ts";
import { cacheKeySchema, idSchema } from "../contracts/common.ts";
import { exportedSessionSchema, newSessionSchema } from "../contracts/sessions.ts";
import { newPointSchema } from "../contracts/vectors.ts";
import type { CachePut } from "../ports/cache-store.ts";
import { type SessionPast, type SessionTerms, tagsText } from "../ports/session-rows.ts";
import { idDigits, isCacheBody, isExportedSession, isSessionBody } from "../streaming/record-numbers.ts";
import { checkRecord, invalidRecord } from "./check-record.ts";
import { toPut } from "./run-cache-batch.ts";

// A stream's records in the form of the stores. Each is checked with the schema of the equivalent single request.

export type Fields = Record<string, unknown>;

export const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const own = (record: Fields, key: string): unknown => (Object.hasOwn(record, key) ? record[key] : undefined);

/** A record's own name, as text; null when it has none. @throws {AppError} when it cannot be one. */
export function nameOf(record: Fields, keys: readonly string[], schema: typeof idSchema = idSchema): string | null {
  for (const key of keys) {
    const value = own(record, key);
    if (value === undefined || value === null) continue;
    const parsed = schema.safeParse(typeof value === "number" ? idDigits(value) : value);
    if (!parsed.success) throw invalidRecord(`/${key}: is no valid id`);
    return parsed.data;
  }
  return null;
}

export interface NewSession {
  name: string | null;
  /** The name is the session's id, as its consumer chose it. */
  isOwn?: boolean;
  data: unknown;
  terms: SessionTerms;
  past?: SessionPast;
}

/**
 * `{id?, data, idleTimeoutSeconds?, tags?}`, a session as an export tells it, or any other object: then it is the data itself.
 */
export function readSession(record: unknown): NewSession {
  if (!isObject(record)) throw invalidRecord("/: a session is an object");
  const name = nameOf(record, ["id"]);
  if (!isSessionBody(record)) return { name, data: record, terms: {} };
  const { id: _, ...body } = record;
  if (isExportedSession(record)) {
    const { data, idleTimeoutSeconds, version, ownId, endsAt, tags, ...times } = checkRecord(
      exportedSessionSchema,
      body,
    );
    const past = { createdAtMs: Date.parse(times.createdAt), lastUsedAtMs: Date.parse(times.lastUsedAt), version };
    const endsAtMs = endsAt ? Date.parse(endsAt) : undefined;
    return {
      name,
      isOwn: ownId,
      data,
      terms: { idleTimeoutMs: idleTimeoutSeconds * 1000, endsAtMs, tags: keptTags(tags) },
      past,
    };
  }
  const { data, idleTimeoutSeconds, tags } = checkRecord(newSessionSchema, body);
  const idleTimeoutMs = idleTimeoutSeconds === undefined ? undefined : idleTimeoutSeconds * 1000;
  return { name, data, terms: { idleTimeoutMs, tags: keptTags(tags) } };
}

const keptTags = (tags: readonly string[] | undefined): string | undefined => tags && tagsText(tags);

/**
 * `{key, body (base64), mediaType?, maxAgeSeconds?, tags?, …}` as in a batch, or any record with a `key` or `id`: kept as
 * JSON.
 */
export function readCached(record: unknown, fallback: string): Omit<CachePut, "namespace"> {
  if (!isObject(record)) throw invalidRecord("/: a cached response is an object");
  const key = nameOf(record, ["key", "id"], cacheKeySchema) ?? fallback;
  if (!isCacheBody(record)) {
    const body = new TextEncoder().encode(JSON.stringify(record));
    return { key, body, encoding: "identity", mediaType: "application/json", tags: [] };
  }
  const item = checkRecord(cacheSetSchema, { ...record, key });
  // A separate copy: a pooled buffer would keep its whole pool alive.
  return toPut(item, Uint8Array.from(Buffer.from(item.body, "base64")));
}

export interface NewPoint {
  id: string;
  vector: ArrayLike<number>;
  metadata?: Fields | undefined;
}

/**
 * `{id?, vector, metadata?}`; without `metadata`, the other fields are it.
 * @param embedded the field that was embedded; it may appear next to `metadata`.
 */
export function readPoint(record: unknown, fallback: string, embedded?: string): NewPoint {
  if (!isObject(record)) throw invalidRecord("/: a point is an object");
  const { id: _, vector: given, embedding, metadata, ...rest } = record;
  const vector = given ?? embedding;
  if (metadata !== undefined && embedded !== undefined) delete rest[embedded];
  const id = nameOf(record, ["id"]) ?? fallback;
  // Values are checked against the collection's shape. Typed arrays, from binary streams or the model, are accepted
  // too.
  const list = vector instanceof Float32Array ? [] : vector;
  const fields =
    metadata === undefined ? { id, vector: list, metadata: rest } : { ...rest, id, vector: list, metadata };
  const point = checkRecord(newPointSchema, fields);
  return vector instanceof Float32Array ? { id, vector, metadata: point.metadata } : point;
}
