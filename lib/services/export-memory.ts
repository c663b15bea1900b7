import type { CacheStore, PeekedEntry } from "../ports/cache-store.ts";
import { MIB } from "../shared/bytes.ts";
import type { ExportRecord } from "../streaming/encode-export.ts";
import { ALL_SESSION_COLUMNS } from "../streaming/record-numbers.ts";
import type { ExportOpener } from "./export-sources.ts";

// Stores whose reads count as access: an export must not change the order of eviction.

/** What an export needs of the session pool. */
export interface SessionExport {
  /** Live sessions, each read when its turn comes, with metadata of the same version as its data. */
  peekAll(namespace: string): AsyncIterable<{
    view: {
      id: string;
      isOwn: boolean;
      createdAtMs: number;
      lastUsedAtMs: number;
      expiresAtMs: number;
      idleTimeoutMs: number;
      endsAtMs: number;
      version: number;
      tags: string;
    };
    text: string;
  }>;
}

/** A session's data is at most 1 MiB, held as row, value, text and chunk. */
const SESSION_BYTES = 8 * MIB;

const iso = (atMs: number): string => new Date(atMs).toISOString();

/** Sessions as `GET` gives them and a stream imports them, newest first. */
export function sessionExport(pool: SessionExport): ExportOpener {
  async function* sessions(namespace: string): AsyncGenerator<ExportRecord> {
    for await (const { view, text } of pool.peekAll(namespace))
      yield {
        id: view.id,
        // Not told of an id that was made here: an import makes another.
        ...(view.isOwn ? { ownId: true } : {}),
        ...(Number.isFinite(view.endsAtMs) ? { endsAt: iso(view.endsAtMs) } : {}),
        ...(view.tags === "" ? {} : { tags: JSON.parse(view.tags) }),
        createdAt: iso(view.createdAtMs),
        lastUsedAt: iso(view.lastUsedAtMs),
        expiresAt: iso(view.expiresAtMs),
        idleTimeoutSeconds: view.idleTimeoutMs / 1000,
        version: view.version,
        data: JSON.parse(text),
      };
  }
  return async (namespace) => ({
    columns: ALL_SESSION_COLUMNS,
    heldBytes: SESSION_BYTES,
    records: sessions(namespace),
  });
}

const CACHE_COLUMNS = ["key", "body", "mediaType", "maxAgeSeconds", "staleWhileRevalidateSeconds", "tags", "meta"];
const PAGE = 100;
/** A page of keys, and the chunks of a body in transit. */
const PIECES_BYTES = MIB;

/** Times in whole seconds: what is about to end gets one. The clock has fractions, and 60 s of them may come to a little more. */
function toRecord(key: string, { body, mediaType, tags, meta, ttlLeftMs, staleLeftMs }: PeekedEntry): ExportRecord {
  const staleWhileRevalidateSeconds = Math.ceil(Math.round(staleLeftMs) / 1000);
  const maxAgeSeconds = Math.max(staleLeftMs > 0 ? 0 : 1, Math.floor(ttlLeftMs / 1000));
  return { key, body, mediaType, maxAgeSeconds, staleWhileRevalidateSeconds, tags, meta };
}

/**
 * Responses in the form of a batch and of a stream import: the body in base64, and the remaining time to live.
 * @param maxBodyBytes size of the largest accepted body. One is held at a time; its decoder is charged to the cache.
 */
export function cacheExport(cache: Pick<CacheStore, "list" | "peek">, maxBodyBytes: () => number): ExportOpener {
  async function* responses(namespace: string): AsyncGenerator<ExportRecord> {
    for (let from: number | null = 0; from !== null; ) {
      const page: Awaited<ReturnType<CacheStore["list"]>> = await cache.list(namespace, { limit: PAGE, from });
      for (const { key } of page.items) {
        const entry = await cache.peek(namespace, key);
        if (!entry) continue;
        yield toRecord(key, entry);
      }
      from = page.next;
    }
  }
  return async (namespace) => ({
    columns: CACHE_COLUMNS,
    heldBytes: PIECES_BYTES + Math.ceil(maxBodyBytes()),
    records: responses(namespace),
  });
}
