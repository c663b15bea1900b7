import { createHmac } from "node:crypto";
import { idSchema } from "../contracts/common.ts";
import type { CacheStore } from "../ports/cache-store.ts";
import type { RecordSink, SinkBatch, SinkRefusal } from "../ports/stream-sink.ts";
import { AppError } from "../shared/errors.ts";
import { idDigits, isCacheBody, isSessionBody } from "../streaming/record-numbers.ts";
import type { SinkOpener } from "./stream-jobs.ts";

/** What a stream needs of the session pool. */
export interface SessionImport {
  put(id: string, namespace: string, text: string, idleTimeoutMs?: number): Promise<unknown>;
  committed(): Promise<void>;
}

/** What a stream needs of the vector store. */
export interface PointImport {
  collection(namespace: string, name: string): Promise<unknown>;
  upsert(
    namespace: string,
    name: string,
    points: readonly { id: string; vector: ArrayLike<number>; metadata?: Record<string, unknown> | undefined }[],
  ): Promise<{ refused: readonly { index: number; reason: string }[] }>;
}

/** What a stream needs of the document store. @throws {AppError} for a document that cannot be taken. */
export type DocumentImport = (namespace: string, id: string, body: Record<string, unknown>) => Promise<unknown>;

export interface SinkStores {
  sessions?: SessionImport;
  cache?: CacheStore;
  vectors?: PointImport;
  rag?: DocumentImport;
  /** Vectors of texts, for records that bring none. */
  embed?: (texts: readonly string[]) => Promise<readonly Float32Array[]>;
  /** Keys the ids of imported sessions, which must not be guessed from the records' own. */
  secret: string;
}

/** Opens each target's sink. Records are known by their `id`; one without is known by its job and its place in the stream. */
export function createSinkOpener(stores: SinkStores): SinkOpener {
  return async ({ target, embed: field }, namespace, jobId) => {
    if (target === "none") return null;
    if (target === "sessions" && stores.sessions)
      return sessionSink(stores.sessions, namespace, (name) => sessionId(stores.secret, namespace, name), jobId);
    if (target === "cache" && stores.cache) return cacheSink(stores.cache, namespace, jobId);
    if (target === "rag" && stores.rag) return documentSink(stores.rag, namespace, jobId);
    if (target.startsWith("vectors:") && stores.vectors) {
      const name = target.slice("vectors:".length);
      await stores.vectors.collection(namespace, name);
      const embed = field !== undefined && stores.embed ? embedding(field, stores.embed) : null;
      return vectorSink(stores.vectors, namespace, name, jobId, embed);
    }
    throw new AppError("unprocessable", `This server has no store for the target ${target.split(":")[0]}.`);
  };
}

type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const own = (record: Fields, key: string): unknown => (Object.hasOwn(record, key) ? record[key] : undefined);

/** A record's own name, as text; null when it has none. @throws {RangeError} when it cannot be one. */
function nameOf(record: Fields, keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = own(record, key);
    if (value === undefined || value === null) continue;
    const parsed = idSchema.safeParse(typeof value === "number" ? idDigits(value) : value);
    if (!parsed.success) throw new RangeError(`"${key}" is no valid id`);
    return parsed.data;
  }
  return null;
}

const placeName = (jobId: string, offset: number): string => `${jobId}:${offset}`;

/** Records kept at once: between two groups the event loop has its turn, so that a stream stalls no request. */
const GROUP = 32;

/** Runs `keep` for each record; what a record cannot help, such as a full disk, fails the batch. */
async function keepEach(
  batch: SinkBatch,
  keep: (record: unknown, offset: number) => Promise<unknown>,
): Promise<readonly SinkRefusal[]> {
  const refusals: SinkRefusal[] = [];
  const keepOne = async (index: number): Promise<void> => {
    try {
      await keep(batch.records[index], batch.offsets[index] ?? 0);
    } catch (error) {
      refusals.push({ index, message: refusal(error) });
    }
  };
  for (let start = 0; start < batch.records.length; start += GROUP) {
    const group = batch.records.slice(start, start + GROUP);
    await Promise.all(group.map((_, index) => keepOne(start + index)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return refusals;
}

/** Why this record alone is refused. @throws what is not the record's fault. */
function refusal(error: unknown): string {
  if (error instanceof RangeError) return error.message;
  if (error instanceof AppError && error.status < 500) return error.message;
  throw error;
}

function sessionId(secret: string, namespace: string, name: string): string {
  return createHmac("sha256", secret)
    .update(JSON.stringify([namespace, name]))
    .digest("base64url");
}

/** `{id?, data, idleTimeoutSeconds?}`, or any other object: then it is the data itself. */
function sessionSink(
  store: SessionImport,
  namespace: string,
  toId: (name: string) => string,
  jobId: string,
): RecordSink {
  return {
    maxBatch: 500,
    async write(batch) {
      const refusals = await keepEach(batch, async (record, offset) => {
        if (!isObject(record)) throw new RangeError("a session is an object");
        const wrapped = isSessionBody(record);
        const seconds = wrapped ? own(record, "idleTimeoutSeconds") : undefined;
        if (seconds !== undefined && !(typeof seconds === "number" && seconds >= 1 && seconds <= 315_360_000))
          throw new RangeError("idleTimeoutSeconds must be a number of seconds");
        const data = wrapped ? own(record, "data") : record;
        const id = toId(nameOf(record, ["id"]) ?? placeName(jobId, offset));
        await store.put(id, namespace, JSON.stringify(data), typeof seconds === "number" ? seconds * 1000 : undefined);
      });
      // Only what is on disk counts as kept: a checkpoint must not run ahead of it.
      await store.committed();
      return refusals;
    },
  };
}

/** `{key, body (base64), mediaType?, maxAgeSeconds?, tags?}` as in a batch, or any record with a `key` or `id`: kept as JSON. */
function cacheSink(store: CacheStore, namespace: string, jobId: string): RecordSink {
  return {
    maxBatch: 500,
    write: (batch) =>
      keepEach(batch, async (record, offset) => {
        if (!isObject(record)) throw new RangeError("a cached response is an object");
        const key = nameOf(record, ["key", "id"]) ?? placeName(jobId, offset);
        const encoded = isCacheBody(record);
        const seconds = encoded ? own(record, "maxAgeSeconds") : undefined;
        if (seconds !== undefined && !(typeof seconds === "number" && seconds >= 0))
          throw new RangeError("maxAgeSeconds must be a number of seconds");
        const mediaType = encoded ? (own(record, "mediaType") ?? "application/octet-stream") : "application/json";
        const tags = encoded ? (own(record, "tags") ?? []) : [];
        if (typeof mediaType !== "string" || mediaType.length > 256 || /[^\x20-\x7e]/.test(mediaType))
          throw new RangeError("mediaType must be a media type");
        if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string"))
          throw new RangeError("tags must be a list of text");
        await store.put({
          namespace,
          key,
          // A copy of its own: a pooled buffer would keep its whole pool.
          body: encoded
            ? Uint8Array.from(Buffer.from(String(record.body), "base64"))
            : new TextEncoder().encode(JSON.stringify(record)),
          encoding: "identity",
          mediaType,
          tags,
          ...(typeof seconds === "number" ? { maxAgeMs: seconds * 1000 } : {}),
        });
      }),
  };
}

/** Gives records without a vector one, made of the text of a field. */
type Embedding = (records: readonly unknown[]) => Promise<readonly unknown[]>;

/** The model takes texts a few at a time. */
const EMBEDDED_AT_ONCE = 64;

function embedding(field: string, embed: (texts: readonly string[]) => Promise<readonly Float32Array[]>): Embedding {
  return async (records) => {
    const texts = records.map((record) =>
      isObject(record) && !Object.hasOwn(record, "vector") ? own(record, field) : null,
    );
    const wanted = texts.filter((text) => typeof text === "string" && text !== "") as string[];
    const vectors = wanted.length > 0 ? await embed(wanted) : [];
    let next = 0;
    return records.map((record, index) => {
      const text = texts[index];
      return typeof text === "string" && text !== "" && isObject(record)
        ? { ...record, vector: vectors[next++] }
        : record;
    });
  };
}

/** `{id, vector, metadata?}`; without `metadata`, the other fields are it. */
function vectorSink(
  store: PointImport,
  namespace: string,
  name: string,
  jobId: string,
  embed: Embedding | null,
): RecordSink {
  return {
    maxBatch: embed ? EMBEDDED_AT_ONCE : 1000,
    async write(batch) {
      const points: Parameters<PointImport["upsert"]>[2][number][] = [];
      const places: number[] = [];
      const refusals: SinkRefusal[] = [];
      const records = embed ? await embed(batch.records) : batch.records;
      for (const [index, record] of records.entries()) {
        try {
          points.push(toPoint(record, placeName(jobId, batch.offsets[index] ?? 0)));
          places.push(index);
        } catch (error) {
          refusals.push({ index, message: refusal(error) });
        }
      }
      if (points.length === 0) return refusals;
      const { refused } = await store.upsert(namespace, name, points);
      for (const { index, reason } of refused) refusals.push({ index: places[index] ?? 0, message: reason });
      return refusals;
    },
  };
}

function toPoint(record: unknown, fallback: string): { id: string; vector: ArrayLike<number>; metadata?: Fields } {
  if (!isObject(record)) throw new RangeError("a point is an object");
  const vector = own(record, "vector") ?? own(record, "embedding");
  const numbers =
    vector instanceof Float32Array || (Array.isArray(vector) && vector.every((value) => typeof value === "number"));
  if (!numbers) throw new RangeError("vector must be a list of numbers");
  const { id: _, vector: __, embedding: ___, metadata, ...rest } = record;
  if (metadata !== undefined && metadata !== null && !isObject(metadata))
    throw new RangeError("metadata must be an object");
  const kept = isObject(metadata) ? metadata : rest;
  const id = nameOf(record, ["id"]) ?? fallback;
  return { id, vector: vector as ArrayLike<number>, ...(Object.keys(kept).length > 0 ? { metadata: kept } : {}) };
}

/** `{id, text, source?, page?, metadata?, chunking?}`. Embedding is the cost: one after another, so that a cancel is soon felt. */
function documentSink(store: DocumentImport, namespace: string, jobId: string): RecordSink {
  return {
    maxBatch: 8,
    async write(batch) {
      const refusals: SinkRefusal[] = [];
      for (const [index, record] of batch.records.entries()) {
        try {
          if (!isObject(record)) throw new RangeError("a document is an object");
          const id = nameOf(record, ["id"]) ?? placeName(jobId, batch.offsets[index] ?? 0);
          const { id: _, ...body } = record;
          await store(namespace, id, { source: id, ...body });
        } catch (error) {
          refusals.push({ index, message: refusal(error) });
        }
      }
      return refusals;
    },
  };
}
