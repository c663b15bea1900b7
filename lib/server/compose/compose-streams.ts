import { randomBytes } from "node:crypto";
import { createMetaRows } from "../../backends/sqlite/admin-rows.ts";
import { createStreamJobRows } from "../../backends/sqlite/stream-job-rows.ts";
import { startThread } from "../../backends/start-thread.ts";
import { workerEntry } from "../../backends/worker-entry.ts";
import type { CacheStore } from "../../ports/cache-store.ts";
import type { SampleLog } from "../../ports/sample-log.ts";
import type { SessionStore } from "../../ports/session-store.ts";
import { cacheExport, sessionExport } from "../../services/export-memory.ts";
import {
  auditExport,
  CONVERSATION_COLUMNS,
  createExporter,
  DOCUMENT_COLUMNS,
  historyExport,
  rowsExport,
  vectorExport,
} from "../../services/export-sources.ts";
import { type SinkOpener, StreamJobs } from "../../services/stream-jobs.ts";
import { createSinkOpener, type DocumentImport } from "../../services/stream-sinks.ts";
import { MIB } from "../../shared/bytes.ts";
import type { VectorStore } from "../../stores/vectors/store/vector-store.ts";
import { ByteBudget } from "../../streaming/byte-budget.ts";
import { ExportRoom } from "../../streaming/export-room.ts";
import { WorkerParseHost } from "../../streaming/worker-parse-host.ts";
import { streamsFolder } from "../paths.ts";
import type { Core } from "./core.ts";
import type { Rag } from "./rag.ts";

/** Stores that streams read from and write to. */
interface StreamStores {
  sampleLog: SampleLog;
  sessions: SessionStore;
  cache: CacheStore;
  vectors: VectorStore;
  rag: Rag;
}

/** The parsing thread's heap: records live for one slice, and its windows are outside of the heap. */
const PARSER_HEAP = { semiSpaceMb: 4, oldSpaceMb: 192 };

/** Streams on their own account with the ledger, which follows the settings. */
export function composeStreams(core: Core, { sampleLog, sessions, cache, vectors, rag }: StreamStores) {
  const { ledger, settings, clock, database, nodeId, env, log, events, audit } = core;
  const account = ledger.open("streams", "streams", settings.values.streamMaxMb * MIB);
  const unfollow = settings.follow((values) => account.setCeiling(values.streamMaxMb * MIB));
  const budget = new ByteBudget({
    account,
    clock,
    onShort: (namespace, bytes) => jobs.makeRoom(namespace, bytes),
  });
  const host = new WorkerParseHost({ start: () => startThread(workerEntry("stream-parser"), PARSER_HEAP), clock });
  // Created at the first stream. Ids of imported sessions derive from it, so it is the same on every start.
  let opener: Promise<SinkOpener> | null = null;
  const openSinks = async (): Promise<SinkOpener> => {
    const secret = await createMetaRows(database).readOrInsert("streamSecret", randomBytes(32).toString("base64url"));
    const importDocument: DocumentImport = (namespace, id, record) => rag.importDocument(namespace, id, record);
    return createSinkOpener({
      secret,
      sessions,
      cache,
      vectors,
      rag: importDocument,
      embed: (namespace, texts) => rag.embed(namespace, texts),
    });
  };
  const jobs = new StreamJobs({
    rows: createStreamJobRows(database),
    host,
    budget,
    clock,
    nodeId,
    directory: streamsFolder(env),
    async openSink(...sink) {
      opener ??= openSinks();
      return (await opener)(...sink);
    },
    progress: (job) => events.emit("stream:progress", job),
  });
  const exporter = createExporter({
    history: historyExport(sampleLog, clock),
    audit: auditExport(audit),
    vectors: vectorExport(vectors),
    sessions: sessionExport(sessions.listing),
    cache: cacheExport(cache, () => settings.values.maxBodyMb * MIB),
    rag: rowsExport(DOCUMENT_COLUMNS, (namespace) => rag.exportDocuments(namespace)),
    conversations: rowsExport(CONVERSATION_COLUMNS, (namespace) => rag.exportConversations(namespace)),
  });
  core.onStop(async () => {
    unfollow();
    await jobs.close();
    await host.close();
  });
  const start = (): void => {
    jobs.recover().catch((err: unknown) => log.error({ err }, "streams of the previous run could not be recovered"));
  };
  return { jobs, budget, exporter, exportRoom: new ExportRoom(budget), start };
}
