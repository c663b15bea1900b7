import { availableParallelism } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ContextThread } from "../../backends/context-thread.ts";
import { EmbeddedEmbedder } from "../../backends/embedders/embedded-embedder.ts";
import { createConversationRows } from "../../backends/sqlite/conversation-rows.ts";
import { createDocumentRows } from "../../backends/sqlite/document-rows.ts";
import { createEmbeddingRows } from "../../backends/sqlite/embedding-rows.ts";
import { createMessageIndexRows } from "../../backends/sqlite/message-index-rows.ts";
import { Namespaces } from "../../backends/sqlite/rag-namespaces.ts";
import { workerEntry } from "../../backends/worker-entry.ts";
import type { Embedder } from "../../ports/embedder.ts";
import type { Quotas } from "../../ports/namespace-quotas.ts";
import { MIB } from "../../shared/bytes.ts";
import { KeyedLock } from "../../shared/keyed-lock.ts";
import { conversationStore, embeddingStore, passageStore, queryCacheStore } from "../../stores/rag/bounded-stores.ts";
import { EmbeddingCache } from "../../stores/rag/embedding-cache.ts";
import { indexMessage } from "../../stores/rag/index-words.ts";
import { PassageIndex } from "../../stores/rag/passage-index.ts";
import { QueryCache } from "../../stores/rag/query-cache.ts";
import { RecentMessages } from "../../stores/rag/recent-messages.ts";
import { SemanticCache } from "../../stores/rag/semantic-cache.ts";
import { nodeFolder } from "../paths.ts";
import { composeReading } from "./compose-reading.ts";
import type { Core } from "./core.ts";
import { Rag } from "./rag.ts";

/** The tokenizer's tables are freed with the thread that builds prompts. */
const CONTEXT_IDLE_MS = 60_000;
/** Maximum number of texts that wait for the model, over all namespaces. */
const QUEUE = { maxTexts: 8_192, maxBytes: 32 * MIB };
/** A row is 0.9 KB: 180 MB of disk. */
const MAX_EMBEDDING_ROWS = 200_000;
const yieldToLoop = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Builds the RAG store and registers its parts with the ledger, the sampler and the optimizer. */
export async function composeRag(core: Core, quotas: Quotas): Promise<Rag> {
  const { clock, database, ledger, log, settings } = core;
  const embedder = await composeEmbedder(core);
  const namespaces = await Namespaces.open(database);
  const documents = await createDocumentRows(database, namespaces, quotas);
  const index = { namespaces, model: () => embedder.state().model.id, wordsOf: indexMessage };
  const conversations = await createConversationRows(database, index, quotas);
  const messageRows = await createMessageIndexRows(database, index);
  const accounts = {
    passages: ledger.open("rag", "rag", 64 * MIB),
    messages: ledger.open("message-index", "rag", 64 * MIB),
    queries: ledger.open("query-cache", "rag", 16 * MIB),
    recent: ledger.open("conversations", "rag", 32 * MIB),
    embeddings: ledger.open("embeddings", "embeddings", 4 * MIB),
  };
  const passages = new PassageIndex(documents, accounts.passages, yieldToLoop);
  const messageIndex = new PassageIndex(messageRows, accounts.messages, yieldToLoop);
  const queryCache = new QueryCache({ maxItems: 100, maxBytes: 16 * MIB, ttlMs: 180_000 }, accounts.queries, clock);
  const recent = new RecentMessages({ maxItems: 1_000, maxBytes: 32 * MIB }, accounts.recent, clock);
  const embeddingBounds = { maxItems: 2_000, maxBytes: 4 * MIB, maxRows: MAX_EMBEDDING_ROWS };
  const embeddings = new EmbeddingCache(
    embedder,
    createEmbeddingRows(database),
    accounts.embeddings,
    clock,
    embeddingBounds,
  );
  const unfollow = settings.follow((values) => {
    accounts.passages.setCeiling(values.ragMaxMb * MIB);
    accounts.messages.setCeiling(values.ragMaxMb * MIB);
    accounts.queries.setCeiling(values.queryCacheMaxMb * MIB);
    accounts.recent.setCeiling(values.historyMaxMb * MIB);
    const ttlMs = values.queryCacheTtlSeconds * 1_000;
    try {
      queryCache.resize({ maxItems: values.queryCacheEntries, maxBytes: values.queryCacheMaxMb * MIB, ttlMs });
    } catch (err) {
      log.warn({ err }, "the query cache could not apply its new bounds");
    }
    recent.resize({ maxItems: values.maxHistoryMessages, maxBytes: values.historyMaxMb * MIB });
  });
  core.stores.push(
    passageStore("rag", passages, accounts.passages),
    passageStore("message-index", messageIndex, accounts.messages),
    queryCacheStore(queryCache),
    conversationStore(recent, () => recent.counters.snapshot().removals.spilled),
    embeddingStore(embedder, embeddings),
  );
  const rag = new Rag({
    clock,
    embedder,
    embeddings,
    documents,
    quotas,
    passages,
    queryCache,
    semanticCache: new SemanticCache(1_000),
    usesSemanticCache: () => settings.values.semanticCache === "on",
    maxContextMessages: () => settings.values.contextMaxMessages,
    conversations,
    messageRows,
    reading: composeReading(core),
    messageIndex,
    windowTurns: new KeyedLock(),
    onMessagesWait: (namespace, err) =>
      log.warn({ namespace, err }, "messages cannot be embedded now: search finds them by keyword only"),
    recent,
    contextBuilder: new ContextThread({
      entry: workerEntry("context"),
      clock,
      idleMs: CONTEXT_IDLE_MS,
      timeoutMs: 20_000,
      maxWaiting: 64,
    }),
  });
  core.onStop(unfollow, () => rag.close());
  return rag;
}

async function composeEmbedder({ env, clock, ledger, helpers }: Core): Promise<Embedder> {
  const {
    HEADROOM_EMBEDDINGS_URL: baseUrl,
    HEADROOM_EMBEDDINGS_MODEL: model,
    HEADROOM_EMBEDDINGS_API_KEY: apiKey,
    HEADROOM_EMBEDDINGS_IDLE_SECONDS: idleSeconds,
    HEADROOM_EMBEDDINGS_TIMEOUT_SECONDS: timeoutSeconds,
  } = env.fixed;
  if (baseUrl !== undefined) {
    // Loaded only when needed, because the SDK uses memory too.
    const { RemoteEmbedder } = await import("../../backends/embedders/remote-embedder.ts");
    const queue = { ...QUEUE, textsPerBatch: 64 };
    return new RemoteEmbedder({
      baseUrl,
      model,
      apiKey,
      clock,
      queue,
      concurrency: 2,
      timeoutMs: timeoutSeconds * 1_000,
      attempts: 3,
      firstBackOffMs: 250,
    });
  }
  // From source the worker's entry registers tsx by itself, for threads; a process takes a flag and the file.
  const bundle = workerEntry("embedding-process");
  const isBundled = bundle.protocol === "file:";
  const entry = isBundled ? bundle : new URL("../../workers/embedding-process.ts", import.meta.url);
  const modelDir = path.join(nodeFolder(env), "models");
  const threads = Math.min(4, availableParallelism());
  return new EmbeddedEmbedder({
    program: {
      entryPath: fileURLToPath(entry),
      args: [modelDir, String(threads)],
      execArgv: [...(isBundled ? [] : ["--import", "tsx"]), "--max-semi-space-size=1", "--max-old-space-size=192"],
    },
    clock,
    queue: { ...QUEUE, textsPerBatch: 16 },
    account: ledger.open("embedding-helper", "embeddings", 1_024 * MIB),
    onStart: (pid) => helpers.register(pid, "embedding"),
    idleMs: idleSeconds * 1_000,
    startTimeoutMs: 120_000,
    batchTimeoutMs: timeoutSeconds * 1_000,
  });
}
