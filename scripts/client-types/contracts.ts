import type { z } from "zod";
import { auditEntrySchema } from "../../lib/contracts/audit.ts";
import { createdKeySchema, identitySchema, keyViewSchema, newKeySchema } from "../../lib/contracts/auth.ts";
import * as cache from "../../lib/contracts/cache.ts";
import * as conversations from "../../lib/contracts/conversations.ts";
import * as embeddings from "../../lib/contracts/embeddings.ts";
import * as events from "../../lib/contracts/events.ts";
import * as memory from "../../lib/contracts/memory.ts";
import { namespaceViewSchema, putNamespaceSchema } from "../../lib/contracts/namespaces.ts";
import { optimizeSchema } from "../../lib/contracts/optimizer.ts";
import { problemSchema } from "../../lib/contracts/problem.ts";
import * as rag from "../../lib/contracts/rag.ts";
import * as sessions from "../../lib/contracts/sessions.ts";
import { settingsPatchSchema, settingsViewSchema } from "../../lib/contracts/settings.ts";
import { streamJobSchema, streamRejectSchema } from "../../lib/contracts/streams.ts";
import * as vectors from "../../lib/contracts/vectors.ts";

const sent = (schema: z.ZodType) => ({ schema, io: "input" as const });
const received = (schema: z.ZodType) => ({ schema, io: "output" as const });

/** The types of the client, by the names they have there. */
export const CLIENT_TYPES: Readonly<Record<string, { schema: z.ZodType; io: "input" | "output" }>> = {
  Problem: received(problemSchema),

  NewSession: sent(sessions.newSessionSchema),
  Session: received(sessions.sessionSchema),
  SessionWithData: received(sessions.sessionWithDataSchema),

  SessionChange: sent(sessions.sessionChangeSchema),
  SessionCount: received(sessions.sessionTallySchema),
  SessionsBatch: sent(sessions.sessionBatchSchema),
  SessionsBatchResult: received(sessions.sessionBatchResultSchema),
  SessionTerms: sent(sessions.touchSessionSchema),

  Purge: sent(cache.purgeSchema),
  Purged: received(cache.purgeAnswerSchema),
  CacheBatch: sent(cache.cacheBatchSchema),
  CacheBatchResult: received(cache.cacheBatchResultSchema),
  CacheEntry: received(cache.cacheEntrySchema),

  CollectionShape: sent(vectors.collectionShapeSchema),
  Collection: received(vectors.collectionSchema),
  NewPoint: sent(vectors.newPointSchema),
  Upserted: received(vectors.upsertedSchema),
  Point: received(vectors.pointSchema),
  PointChange: sent(vectors.patchPointBody),
  PointSummary: received(vectors.pointsPage.shape.items.element),
  PointsBatch: sent(vectors.pointsBatchBody),
  PointsBatchResult: received(vectors.pointsBatchAnswer),
  Search: sent(vectors.oneSearchSchema),
  SearchAnswer: received(vectors.searchAnswer),
  SearchesAnswer: received(vectors.searchesAnswer),
  Recall: received(vectors.recallSchema),
  Filter: sent(vectors.filterSchema),

  PutDocument: sent(rag.putDocumentSchema),
  PutDocumentItem: sent(rag.batchItemSchema),
  Ingested: received(rag.ingestedSchema),
  DocumentsResult: received(rag.batchResultSchema),
  Document: received(rag.documentSchema),
  DocumentWithText: received(rag.documentWithTextSchema),
  Chunk: received(rag.chunkSchema),
  RagQuery: sent(rag.ragQuerySchema),
  RagAnswer: received(rag.ragAnswerSchema),
  ContextQuery: sent(rag.contextQuerySchema),
  Context: received(rag.contextSchema),
  RagStatus: received(rag.ragStatusSchema),
  Reembedding: received(rag.reembedSchema),

  EmbeddingsRequest: sent(embeddings.embeddingsQuerySchema),
  Embeddings: received(embeddings.embeddingsSchema),

  NewMessage: sent(conversations.newMessageSchema),
  Message: received(conversations.messageSchema),
  MessageChange: sent(conversations.editMessageSchema),
  Appended: received(conversations.appendedSchema),
  Truncate: sent(conversations.truncateSchema),
  Truncated: received(conversations.truncatedSchema),
  Conversation: received(conversations.conversationSchema),
  ConversationFields: sent(conversations.conversationFieldsSchema),
  MessageSearch: sent(conversations.messageSearchSchema),
  MessageSearchAnswer: received(conversations.messageSearchAnswerSchema),

  StreamJob: received(streamJobSchema),
  StreamReject: received(streamRejectSchema),

  MemorySample: received(memory.memorySampleSchema),
  StoreStats: received(memory.storeStatsSchema),
  LeakReport: received(memory.leakReportSchema),
  Recommendation: received(memory.recommendationSchema),
  OptimizationRun: received(memory.optimizationRunSchema),
  MemoryReport: received(memory.memoryReportSchema),
  MemoryHistory: received(memory.historySchema),
  OptimizeRequest: sent(optimizeSchema),
  SamplePush: received(events.samplePushSchema),
  MemoryAlert: received(events.memoryAlertSchema),
  SignedOut: received(events.signedOutSchema),

  Identity: received(identitySchema),
  Key: received(keyViewSchema),
  NewKey: sent(newKeySchema),
  Namespace: received(namespaceViewSchema),
  NamespaceChange: sent(putNamespaceSchema),
  NewKeyAnswer: received(createdKeySchema),
  Settings: received(settingsViewSchema),
  SettingsChange: sent(settingsPatchSchema),
  AuditEntry: received(auditEntrySchema),
};

/** The events of the socket, each with the name of the type that it carries. */
export function clientEvents(): [event: string, type: string][] {
  const names = new Map(Object.entries(CLIENT_TYPES).map(([name, { schema }]) => [schema, name]));
  return Object.entries(events.EVENT_PAYLOADS).map(([event, schema]) => {
    const name = names.get(schema);
    if (name === undefined) throw new Error(`What ${event} carries has no name in CLIENT_TYPES.`);
    return [event, name];
  });
}
