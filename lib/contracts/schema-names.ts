import type { z } from "zod";
import * as audit from "./audit.ts";
import * as auth from "./auth.ts";
import * as cache from "./cache.ts";
import * as conversations from "./conversations.ts";
import * as embeddings from "./embeddings.ts";
import * as events from "./events.ts";
import * as health from "./health.ts";
import * as leaks from "./leaks.ts";
import * as memory from "./memory.ts";
import * as namespaces from "./namespaces.ts";
import * as optimizer from "./optimizer.ts";
import * as problem from "./problem.ts";
import * as rag from "./rag.ts";
import * as sessions from "./sessions.ts";
import * as settings from "./settings.ts";
import * as streams from "./streams.ts";
import * as vectors from "./vectors.ts";

/**
 * What generated clients call each schema: a component of the OpenAPI document, wherever it is used. Every resource,
 * and every body of a request, has a name here. A name is never changed: code that was generated from it would break.
 */
export const SCHEMA_NAMES: Readonly<Record<string, z.ZodType>> = {
  AuditEntry: audit.auditEntrySchema,
  Role: auth.roleSchema,
  SignIn: auth.signInSchema,
  Identity: auth.identitySchema,
  NewKey: auth.newKeySchema,
  KeyChange: auth.keyPatchSchema,
  Key: auth.keyViewSchema,
  CreatedKey: auth.createdKeyAnswerSchema,
  CacheEntry: cache.cacheEntrySchema,
  CachePurge: cache.purgeSchema,
  Removed: cache.purgedSchema,
  CacheSet: cache.cacheSetSchema,
  CacheBatch: cache.cacheBatchSchema,
  CacheBatchResult: cache.cacheBatchResultSchema,
  AgentSamples: leaks.agentSamplesSchema,
  AgentAnswer: leaks.agentAnswerSchema,
  ChannelTrace: leaks.channelTraceSchema,
  AgentProcess: leaks.agentProcessSchema,
  Agent: leaks.agentViewSchema,
  AgentDetail: leaks.agentDetailSchema,
  LeakView: leaks.leaksViewSchema,
  Verdict: leaks.verdictSchema,
  NewProfile: leaks.newProfileSchema,
  Profile: leaks.profileSchema,
  ProfileList: leaks.profileListSchema,
  Component: memory.componentSchema,
  Level: memory.levelSchema,
  MemorySample: memory.memorySampleSchema,
  StoreStats: memory.storeStatsSchema,
  StoreHistory: memory.storeHistorySchema,
  LeakReport: memory.leakReportSchema,
  Forecast: memory.forecastSchema,
  Recommendation: memory.recommendationSchema,
  OptimizationRun: memory.optimizationRunSchema,
  ServicesSummary: memory.servicesSummarySchema,
  MemoryReport: memory.memoryReportSchema,
  HistoryStep: memory.historyStepSchema,
  MemoryHistory: memory.historySchema,
  OptimizationRequest: optimizer.optimizeSchema,
  Namespace: namespaces.namespaceViewSchema,
  NamespaceChange: namespaces.putNamespaceSchema,
  Quota: namespaces.quotaSchema,
  Amount: namespaces.amountSchema,
  Problem: problem.problemSchema,
  NewDocument: rag.putDocumentSchema,
  DocumentBatch: rag.batchSchema,
  IngestedDocument: rag.ingestedSchema,
  DocumentBatchResult: rag.batchResultSchema,
  Document: rag.documentSchema,
  DocumentWithText: rag.documentWithTextSchema,
  Chunk: rag.chunkSchema,
  PassageQuery: rag.ragQuerySchema,
  PassageMatch: rag.matchSchema,
  PassageAnswer: rag.ragAnswerSchema,
  PromptRequest: rag.contextQuerySchema,
  Prompt: rag.contextSchema,
  EmbeddingsRequest: embeddings.embeddingsQuerySchema,
  Embeddings: embeddings.embeddingsSchema,
  NewMessage: conversations.newMessageSchema,
  NewMessages: conversations.newMessagesSchema,
  MessageAppend: conversations.appendSchema,
  AppendedMessages: conversations.appendedSchema,
  Message: conversations.messageSchema,
  MessageEdit: conversations.editMessageSchema,
  Truncation: conversations.truncateSchema,
  TruncatedConversation: conversations.truncatedSchema,
  Conversation: conversations.conversationSchema,
  ConversationFields: conversations.conversationFieldsSchema,
  ConversationPatch: conversations.conversationPatchSchema,
  RemovedConversations: conversations.removedSchema,
  MessageSearch: conversations.messageSearchSchema,
  MessageSearchAnswer: conversations.messageSearchAnswerSchema,
  Reembedding: rag.reembedSchema,
  RagStatus: rag.ragStatusSchema,
  NewSession: sessions.newSessionSchema,
  SessionReplacement: sessions.replaceSessionSchema,
  SessionTouch: sessions.touchSessionSchema,
  SessionChange: sessions.sessionChangeSchema,
  SessionTally: sessions.sessionTallySchema,
  Session: sessions.sessionSchema,
  SessionWithData: sessions.sessionWithDataSchema,
  SessionBatch: sessions.sessionBatchSchema,
  SessionBatchResult: sessions.sessionBatchResultSchema,
  SettingsPatch: settings.settingsPatchSchema,
  Settings: settings.settingsViewSchema,
  SettingsRollback: settings.rollbackSchema,
  StreamFormat: streams.streamFormatSchema,
  StreamState: streams.streamStateSchema,
  StreamJob: streams.streamJobSchema,
  Metric: vectors.metricSchema,
  Precision: vectors.precisionSchema,
  CollectionShape: vectors.collectionShapeSchema,
  Collection: vectors.collectionSchema,
  NewPoint: vectors.newPointSchema,
  NewPoints: vectors.pointsBody,
  Upserted: vectors.upsertedSchema,
  Point: vectors.pointSchema,
  VectorSearch: vectors.searchBody,
  OneVectorSearch: vectors.oneSearchSchema,
  VectorSearchAnswer: vectors.searchAnswer,
  VectorSearchResults: vectors.searchesAnswer,
  PointPatch: vectors.patchPointBody,
  PointBatch: vectors.pointsBatchBody,
  PointBatchResult: vectors.pointsBatchAnswer,
  Recall: vectors.recallSchema,
  Health: health.healthSchema,
};

/** What only events of the socket carry: components of the AsyncAPI document alone. */
export const EVENT_SCHEMA_NAMES: Readonly<Record<string, z.ZodType>> = {
  SamplePush: events.samplePushSchema,
  MemoryAlert: events.memoryAlertSchema,
  SignedOut: events.signedOutSchema,
};
