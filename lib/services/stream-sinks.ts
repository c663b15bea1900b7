import { createHmac } from "node:crypto";
import type { CacheStore } from "../ports/cache-store.ts";
import type { SessionPast, SessionTerms } from "../ports/session-rows.ts";
import type { RecordSink, SinkBatch, SinkOutcome, SinkRefusal } from "../ports/stream-sink.ts";
import { AppError, type ProblemCode } from "../shared/errors.ts";
import { invalidRecord } from "./check-record.ts";
import { isObject, type NewPoint, nameOf, own, readCached, readPoint, readSession } from "./sink-records.ts";
import type { SinkOpener } from "./stream-jobs.ts";

/** What a stream needs of the session pool. */
export interface SessionImport {
  put(id: string, namespace: string, text: string, terms: SessionTerms, past?: SessionPast): Promise<unknown>;
  /** The same under an id that the consumer chose. */
  putOwn(id: string, namespace: string, text: string, terms: SessionTerms, past?: SessionPast): Promise<unknown>;
  committed(): Promise<void>;
}

/** What a stream needs of the vector store. */
export interface PointImport {
  collection(namespace: string, name: string): Promise<unknown>;
  upsert(
    namespace: string,
    name: string,
    points: readonly NewPoint[],
  ): Promise<{ refused: readonly { index: number; code: ProblemCode; reason: string; pointer: string }[] }>;
}

/** What a stream needs of the document store. @throws {AppError} for a document that cannot be taken. */
export type DocumentImport = (namespace: string, id: string, body: Record<string, unknown>) => Promise<unknown>;

export interface SinkStores {
  sessions?: SessionImport;
  cache?: CacheStore;
  vectors?: PointImport;
  rag?: DocumentImport;
  /** Vectors of texts, for records that bring none. */
  embed?: (namespace: string, texts: readonly string[]) => Promise<readonly Float32Array[]>;
  /** Keys the ids of imported sessions, which must not be guessed from the records' own. */
  secret: string;
}

/**
 * Opens each target's sink. Records are known by their `id`; one without is known by its job and its place in the
 * stream.
 */
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
      const { embed: ask } = stores;
      const embed = field !== undefined && ask ? embedding(field, (texts) => ask(namespace, texts)) : null;
      return vectorSink(stores.vectors, namespace, name, jobId, embed);
    }
    throw new AppError("unprocessable", `This server does not support the target ${target.split(":")[0]}.`);
  };
}

const placeName = (jobId: string, offset: number): string => `${jobId}:${offset}`;

/** Records kept at once: between two groups the event loop has its turn, so that a stream stalls no request. */
const GROUP = 32;

/**
 * Runs `keep` for each record. Errors that are not the record's fault, such as a full disk, fail the batch.
 * @param keep returns the id under which the record was stored.
 */
async function keepEach(
  batch: SinkBatch,
  keep: (record: unknown, offset: number) => Promise<string>,
): Promise<SinkOutcome> {
  const refusals: SinkRefusal[] = [];
  const ids: (string | null)[] = batch.records.map(() => null);
  const keepOne = async (index: number): Promise<void> => {
    try {
      ids[index] = await keep(batch.records[index], batch.offsets[index] ?? 0);
    } catch (error) {
      refusals.push({ index, ...refusal(error) });
    }
  };
  for (let start = 0; start < batch.records.length; start += GROUP) {
    const group = batch.records.slice(start, start + GROUP);
    await Promise.all(group.map((_, index) => keepOne(start + index)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { ids, refusals };
}

/** Of this record, or of all that were written with it: a smaller one may fit. */
const isOverQuota = (error: unknown): error is AppError => error instanceof AppError && error.code === "quota-exceeded";

/** Why this record alone is refused. @throws what is not the record's fault. */
function refusal(error: unknown): Omit<SinkRefusal, "index"> {
  if (error instanceof AppError && (error.status < 500 || isOverQuota(error)))
    return { code: error.code, message: error.message };
  throw error;
}

function sessionId(secret: string, namespace: string, name: string): string {
  return createHmac("sha256", secret)
    .update(JSON.stringify([namespace, name]))
    .digest("base64url");
}

function sessionSink(
  store: SessionImport,
  namespace: string,
  toId: (name: string) => string,
  jobId: string,
): RecordSink {
  return {
    maxBatch: 500,
    async write(batch) {
      const outcome = await keepEach(batch, async (record, offset) => {
        const { name, isOwn, data, terms, past } = readSession(record);
        const text = JSON.stringify(data);
        if (isOwn && name !== null) {
          await store.putOwn(name, namespace, text, terms, past);
          return name;
        }
        const id = toId(name ?? placeName(jobId, offset));
        await store.put(id, namespace, text, terms, past);
        return id;
      });
      // Only records on disk count as stored: a checkpoint must not run ahead of them.
      await store.committed();
      return outcome;
    },
  };
}

/** Fails the batch, so that the job can be resumed from it. */
const notKept = (): AppError =>
  new AppError("storage-unavailable", "The cache keeps nothing right now. Resume the job later.", {
    retryAfterSeconds: 1,
  });

function cacheSink(store: CacheStore, namespace: string, jobId: string): RecordSink {
  return {
    maxBatch: 500,
    write: (batch) =>
      keepEach(batch, async (record, offset) => {
        const put = readCached(record, placeName(jobId, offset));
        const outcome = await store.put({ namespace, ...put });
        const isMeantToStay = put.maxAgeMs !== 0 || (put.staleMs ?? 0) > 0;
        if (outcome === "not-kept" && isMeantToStay) throw notKept();
        return put.key;
      }),
  };
}

/** Gives records without a vector one, made of the text of a field. */
interface Embedding {
  readonly field: string;
  apply(records: readonly unknown[]): Promise<readonly unknown[]>;
}

/** The model takes texts a few at a time. */
const EMBEDDED_AT_ONCE = 64;

function embedding(field: string, embed: (texts: readonly string[]) => Promise<readonly Float32Array[]>): Embedding {
  const apply = async (records: readonly unknown[]): Promise<readonly unknown[]> => {
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
  return { field, apply };
}

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
      const points: NewPoint[] = [];
      const places: number[] = [];
      const refusals: SinkRefusal[] = [];
      const ids: (string | null)[] = batch.records.map(() => null);
      const records = embed ? await embed.apply(batch.records) : batch.records;
      for (const [index, record] of records.entries()) {
        try {
          const point = readPoint(record, placeName(jobId, batch.offsets[index] ?? 0), embed?.field);
          points.push(point);
          places.push(index);
          ids[index] = point.id;
        } catch (error) {
          refusals.push({ index, ...refusal(error) });
        }
      }
      if (points.length === 0) return { ids, refusals };
      const { refused } = await store.upsert(namespace, name, points).catch((error: unknown) => {
        if (!isOverQuota(error)) throw error;
        const { code, message: reason } = error;
        return { refused: points.map((_, index) => ({ index, code, reason, pointer: "" })) };
      });
      for (const { index, code, reason, pointer } of refused) {
        const place = places[index] ?? 0;
        ids[place] = null;
        // The reason may be about the whole point.
        refusals.push({ index: place, code, message: pointer === "" ? reason : `${pointer}: ${reason}` });
      }
      return { ids, refusals };
    },
  };
}

/**
 * `{id, text, source?, page?, metadata?, chunking?}`. Embedding is the cost: one after another, so that a cancel is
 * soon felt.
 */
function documentSink(store: DocumentImport, namespace: string, jobId: string): RecordSink {
  return {
    maxBatch: 8,
    async write(batch) {
      const refusals: SinkRefusal[] = [];
      const ids: (string | null)[] = batch.records.map(() => null);
      for (const [index, record] of batch.records.entries()) {
        try {
          if (!isObject(record)) throw invalidRecord("/: a document must be an object");
          const id = nameOf(record, ["id"]) ?? placeName(jobId, batch.offsets[index] ?? 0);
          const { id: _, ...body } = record;
          await store(namespace, id, { source: id, ...body });
          ids[index] = id;
        } catch (error) {
          refusals.push({ index, ...refusal(error) });
        }
      }
      return { ids, refusals };
    },
  };
}
