const AT = "2026-01-01T00:00:00.000Z";
const LATER = "2026-01-01T00:30:00.000Z";
const SESSION = {
  id: "m3Zk0yq5l2Xw8vT1nRb7cJ4hS6dF9gA0pQeUoIiKtYs",
  createdAt: AT,
  lastUsedAt: AT,
  expiresAt: LATER,
  idleTimeoutSeconds: 1800,
  endsAt: null,
  version: 1,
  bytes: 14,
  tags: ["user:ada"],
};
const DOCUMENT = {
  id: "handbook-1",
  source: "handbook.md",
  page: null,
  language: "en",
  metadata: { team: "support" },
  checksum: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  chunks: 1,
  characters: 42,
  chunking: { size: 1000, overlap: 200 },
  model: "minilm-fp16",
  createdAt: AT,
  updatedAt: AT,
};
const MESSAGE = {
  id: "1",
  conversationId: "chat-1",
  sequence: 1,
  role: "user",
  content: "How long may I return a book?",
  metadata: null,
  createdAt: AT,
  updatedAt: AT,
  version: 1,
};
const TEXT = "Books may be returned within thirty days.";

/**
 * An example of a named schema, for the OpenAPI document and its page. One that is missing is put together from the
 * examples and defaults of its members.
 */
export const SCHEMA_EXAMPLES: Readonly<Record<string, unknown>> = {
  CachePurge: { tag: "products" },
  CacheSet: { key: "product-1", body: "aGVsbG8=", mediaType: "text/plain", maxAgeSeconds: 60, tags: ["products"] },
  CacheBatch: { get: ["product-1"], set: [{ key: "product-2", body: "aGVsbG8=", mediaType: "text/plain" }] },
  SignIn: { key: "the-operator-key" },
  NewKey: { name: "web shop", role: "consumer", namespace: "default" },
  KeyChange: { ratePerMinute: 600 },
  NewSession: { data: { user: "ada" }, idleTimeoutSeconds: 1800 },
  SessionReplacement: { data: { user: "ada", cart: [] } },
  SessionTouch: { idleTimeoutSeconds: 3600 },
  SessionChange: { data: { cart: ["book"] }, expiresAt: LATER, tags: ["user:ada"] },
  SessionBatch: { get: ["sess-Zk3tq9xW0bLr7YpN2mVc"], delete: ["sess-Ab1cd2eF3gHi4JkL5mNo"] },
  Session: SESSION,
  SessionWithData: { ...SESSION, data: { user: "ada" } },
  OptimizationRequest: { dryRun: true },
  CollectionShape: { dimensions: 3, metric: "cosine" },
  NewPoint: { id: "p1", vector: [0.1, 0.2, 0.3], metadata: { lang: "en" } },
  Point: { id: "p1", metadata: { lang: "en" }, vector: [0.1, 0.2, 0.3] },
  VectorSearch: { vector: [0.1, 0.2, 0.3], k: 3, filter: { lang: "en" } },
  OneVectorSearch: { id: "p1", k: 3 },
  PointBatch: { get: ["p1"], delete: ["p2"] },
  NewDocument: { text: TEXT, source: "handbook.md", metadata: { team: "support" } },
  DocumentBatch: { documents: [{ id: "handbook-1", text: TEXT }] },
  Document: DOCUMENT,
  DocumentWithText: { ...DOCUMENT, text: TEXT },
  PassageQuery: { query: "How long may I return a book?", k: 3 },
  PromptRequest: { query: "How long may I return a book?", conversationId: "chat-1", maxTokens: 2000 },
  NewMessage: { role: "user", content: "How long may I return a book?" },
  NewMessages: { messages: [{ role: "user", content: "How long may I return a book?" }] },
  Message: MESSAGE,
  MessageSearch: { query: "returning books" },
  NewProfile: { kind: "allocation-sampling", seconds: 30 },
  SettingsPatch: { cacheTtlSeconds: 600 },
  SettingsRollback: { revision: 0 },
};
