import type { MemorySample } from "../contracts/memory.ts";
import type { AuditRows } from "../ports/admin-rows.ts";
import type { SampleLog } from "../ports/sample-log.ts";
import type { Clock } from "../shared/clock.ts";
import { AppError } from "../shared/errors.ts";
import type { ExportRecord } from "../streaming/encode-export.ts";

/** Something that can be exported: its records, and its columns for CSV. */
export interface ExportSource {
  columns: readonly string[];
  /** Memory held at once, if more than a page of small records. */
  heldBytes?: number;
  records: AsyncIterable<ExportRecord>;
}

/** Opens a source of a namespace; `name` is the part after the colon. @throws {AppError} `not-found`. */
export type ExportOpener = (namespace: string, name: string) => Promise<ExportSource>;

/** What an export needs of the vector store. */
export interface PointExport {
  collection(namespace: string, name: string): Promise<unknown>;
  list(
    namespace: string,
    name: string,
    page: { limit: number; cursor: number; filter: null },
  ): Promise<{ items: readonly { id: string }[]; nextCursor: number | null }>;
  get(
    namespace: string,
    name: string,
    ids: readonly string[],
  ): Promise<readonly { id: string; vector: readonly number[]; metadata: Readonly<Record<string, unknown>> }[]>;
}

const PAGE = 500;

export function vectorExport(store: PointExport): ExportOpener {
  async function* points(namespace: string, name: string): AsyncGenerator<ExportRecord> {
    let cursor: number | null = 0;
    while (cursor !== null) {
      const page: Awaited<ReturnType<PointExport["list"]>> = await store.list(namespace, name, {
        limit: PAGE,
        cursor,
        filter: null,
      });
      for (const { id, vector, metadata } of await store.get(
        namespace,
        name,
        page.items.map((item) => item.id),
      ))
        yield { id, vector, metadata };
      cursor = page.nextCursor;
    }
  }
  return async (namespace, name) => {
    await store.collection(namespace, name);
    return { columns: ["id", "vector", "metadata"], records: points(namespace, name) };
  };
}

const SAMPLE_COLUMNS = [
  "sequence",
  "sampledAt",
  "usedBytes",
  "limitBytes",
  "level",
  "process",
  "breakdown",
  "gc",
  "eventLoop",
  "activity",
];

/** Every sample that is kept at full rate, oldest first. */
export function historyExport(log: SampleLog, clock: Clock): ExportOpener {
  async function* samples(): AsyncGenerator<ExportRecord> {
    const range = { fromMs: 0, toMs: clock.nowMs() };
    let after = 0;
    for (;;) {
      const page = (await log.samples(range, after)).samples;
      const found = page.filter((entry): entry is MemorySample => "sequence" in entry);
      yield* found as unknown as Iterable<ExportRecord>;
      const last = found.at(-1);
      if (!last || last.sequence <= after) return;
      after = last.sequence;
    }
  }
  return async () => ({ columns: SAMPLE_COLUMNS, records: samples() });
}

/** The audit log of a namespace, newest first. */
export function auditExport(rows: Pick<AuditRows, "list">): ExportOpener {
  async function* entries(namespace: string): AsyncGenerator<ExportRecord> {
    let before: number | null = null;
    for (;;) {
      const page: Awaited<ReturnType<AuditRows["list"]>> = await rows.list(PAGE, before);
      for (const { atMs, ...entry } of page)
        if (entry.namespace === namespace) yield { ...entry, at: new Date(atMs).toISOString() };
      const last = page.at(-1);
      if (!last || page.length < PAGE) return;
      before = last.id;
    }
  }
  const columns = ["id", "at", "actor", "namespace", "action", "target", "outcome", "requestId", "detail"];
  return async (namespace) => ({ columns, records: entries(namespace) });
}

export const DOCUMENT_COLUMNS = ["id", "source", "page", "language", "text", "metadata", "chunking"];
export const CONVERSATION_COLUMNS = [
  "conversationId",
  "conversation",
  "id",
  "sequence",
  "role",
  "content",
  "metadata",
  "createdAt",
];

/** A store that walks its own rows. */
export function rowsExport(
  columns: readonly string[],
  rows: (namespace: string) => AsyncIterable<ExportRecord>,
): ExportOpener {
  return async (namespace) => ({ columns, records: rows(namespace) });
}

/** All export sources, by kind. */
export function createExporter(openers: Readonly<Record<string, ExportOpener>>) {
  return async (source: string, namespace: string): Promise<ExportSource> => {
    const [kind = "", ...rest] = source.split(":");
    const open = Object.hasOwn(openers, kind) ? openers[kind] : undefined;
    if (!open) throw new AppError("unprocessable", `This server cannot export ${kind}.`);
    return await open(namespace, rest.join(":"));
  };
}
