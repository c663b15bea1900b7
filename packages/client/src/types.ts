// Written by `npm run client:types` from lib/contracts. Do not edit.

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: "validation-failed" | "malformed-json" | "malformed-request" | "unauthenticated" | "forbidden" | "foreign-origin" | "feature-disabled" | "not-found" | "method-not-allowed" | "request-timeout" | "conflict" | "pinned-by-environment" | "session-ended" | "lease-expired" | "idempotency-key-in-use" | "upload-offset-mismatch" | "version-mismatch" | "body-too-large" | "item-too-large" | "unsupported-media-type" | "unprocessable" | "idempotency-key-reused" | "number-not-exact" | "too-many-requests" | "headers-too-large" | "internal" | "upstream-failed" | "shutting-down" | "not-ready" | "memory-pressure" | "overloaded" | "storage-unavailable" | "storage-read-only" | "upstream-timeout" | "quota-exceeded" | "storage-full" | "insufficient-memory";
  requestId: string;
  errors?: {
    path: string;
    message: string;
  }[] | undefined;
  /** Of quota-exceeded: what the namespace may keep */
  quota?: {
    /** Bytes that the namespace may keep; null is without a bound */
    bytes: number | null;
    /** Sessions, cached responses, points, documents and messages together; null is without a bound */
    items: number | null;
  } | undefined;
  /** Of quota-exceeded: what the namespace keeps */
  used?: {
    bytes: number;
    items: number;
  } | undefined;
}

export interface NewSession {
  /** Any JSON, at most 1 MiB */
  data: unknown;
  /** Idle time in seconds after which the session expires; unchanged if omitted, the configured timeout for a new session */
  idleTimeoutSeconds?: number | undefined;
  /** A fixed end, in the future, which access does not extend; null removes it, and it is unchanged if omitted */
  expiresAt?: string | null | undefined;
  /** Names to find and end sessions by, each kept once; if omitted, as they are, or none; []: none */
  tags?: string[] | undefined;
}

export interface Session {
  /** 256 random bits as base64url, or the caller's own id */
  id: string;
  createdAt: string;
  lastUsedAt: string;
  /** When it ends if nobody uses it */
  expiresAt: string;
  idleTimeoutSeconds: number;
  /** The fixed end, set as expiresAt; null if there is none */
  endsAt: string | null;
  /** Grows by one with each change of the data; also the ETag */
  version: number;
  /** Length of the data as JSON in UTF-8 */
  bytes: number;
  tags: string[];
}

export interface SessionWithData {
  /** 256 random bits as base64url, or the caller's own id */
  id: string;
  createdAt: string;
  lastUsedAt: string;
  /** When it ends if nobody uses it */
  expiresAt: string;
  idleTimeoutSeconds: number;
  /** The fixed end, set as expiresAt; null if there is none */
  endsAt: string | null;
  /** Grows by one with each change of the data; also the ETag */
  version: number;
  /** Length of the data as JSON in UTF-8 */
  bytes: number;
  tags: string[];
  data: unknown;
}

export interface SessionChange {
  /** A merge patch (RFC 7396) for the session's data; null removes a member */
  data?: unknown;
  /** Idle time in seconds after which the session expires; unchanged if omitted, the configured timeout for a new session */
  idleTimeoutSeconds?: number | undefined;
  /** A fixed end, in the future, which access does not extend; null removes it, and it is unchanged if omitted */
  expiresAt?: string | null | undefined;
  /** Names to find and end sessions by, each kept once; if omitted, as they are, or none; []: none */
  tags?: string[] | undefined;
}

export interface SessionCount {
  count: number;
  /** What the sessions' data come to as JSON in UTF-8 */
  bytes: number;
}

export interface SessionsBatch {
  get?: string[] | undefined;
  delete?: string[] | undefined;
  /** true: the gets count as no access, so that no timeout is extended */
  peek?: boolean | undefined;
}

export interface SessionsBatchResult {
  results: {
    op: "get" | "delete";
    /** Position in `get` or `delete` */
    index: number;
    id: string;
    /** 200 or 204; 404: no session has this id */
    status: number;
    session?: SessionWithData | undefined;
    problem?: Problem | undefined;
  }[];
}

export interface SessionTerms {
  /** Idle time in seconds after which the session expires; unchanged if omitted, the configured timeout for a new session */
  idleTimeoutSeconds?: number | undefined;
  /** A fixed end, in the future, which access does not extend; null removes it, and it is unchanged if omitted */
  expiresAt?: string | null | undefined;
}

export interface Purge {
  tag?: string | undefined;
  /** Any of these tags */
  tags?: string[] | undefined;
  prefix?: string | undefined;
  all?: true | undefined;
  /** Marks as stale instead of removing */
  soft?: boolean | undefined;
  /** Only counts */
  dryRun?: boolean | undefined;
}

export type Purged = {
  removed: number;
  /** By a soft purge, which removes nothing */
  markedStale: number;
} | {
  count: number;
  bytes: number;
};

export interface CacheBatch {
  get?: string[] | undefined;
  delete?: string[] | undefined;
  set?: {
    key: string;
    body: string;
    mediaType?: string | undefined;
    maxAgeSeconds?: number | undefined;
    staleWhileRevalidateSeconds?: number | undefined;
    tags?: string[] | undefined;
    meta?: string | undefined;
  }[] | undefined;
}

export interface CacheBatchResult {
  results: {
    op: "get" | "delete" | "set";
    /** Position in `get`, `delete` or `set` */
    index: number;
    id: string;
    status: number;
    /** base64 */
    body?: string | undefined;
    mediaType?: string | undefined;
    etag?: string | undefined;
    ageSeconds?: number | undefined;
    stale?: boolean | undefined;
    tags?: string[] | undefined;
    meta?: string | null | undefined;
    problem?: Problem | undefined;
  }[];
}

export interface CacheEntry {
  key: string;
  mediaType: string;
  /** Size of the body as it was sent */
  bytes: number;
  /** Size of the body as it is stored */
  storedBytes: number;
  encoding: "identity" | "gzip" | "br";
  etag: string;
  ageSeconds: number;
  /** Seconds for which it is still fresh */
  ttlSeconds: number;
  /** No longer fresh, and kept until it is filled again */
  stale: boolean;
  /** Seconds since it was last read, or put */
  lastUsedSeconds: number;
  hits: number;
  tags: string[];
  /** The note that was sent as Cache-Meta */
  meta: string | null;
}

export interface CollectionShape {
  dimensions: number;
  metric: "cosine" | "dot" | "euclidean";
  /** int16 by default: 16 bits per value, scaled per vector. float16 is IEEE half precision */
  precision?: "float32" | "float16" | "int16" | "int8" | undefined;
}

export interface Collection {
  name: string;
  dimensions: number;
  metric: "cosine" | "dot" | "euclidean";
  precision: "float32" | "float16" | "int16" | "int8";
  createdAt: string;
  items: number;
  tiers: {
    /** Vectors in memory at full precision */
    hot: number;
    /** Vectors with a compressed code in memory and their row on disk */
    cold: number;
    /** Vectors that are only on disk */
    disk: number;
  };
  /** Difference between the values returned and the values sent, in the unit of the values */
  quantization: {
    /** Mean difference per value; null before the first measurement */
    meanError: number | null;
    /** Largest difference of a value; null before the first measurement */
    maxError: number | null;
    /** Number of vectors measured: all that were ever written, including replaced and removed ones */
    vectors: number;
  };
  /** Memory used by blocks, index, ids and metadata */
  bytes: number;
  searches: number;
  /** Matches returned from the hot tier */
  hits: number;
  /** Matches returned from the other tiers */
  misses: number;
  hitRatio: number | null;
  /** Vectors evicted from the hot tier */
  evictions: number;
  /** Vectors that are not in the hot tier now */
  spilledItems: number;
}

export interface NewPoint {
  id: string;
  vector: number[];
  /** Any JSON, at most 16 KB */
  metadata?: Record<string, unknown> | undefined;
}

export interface Upserted {
  upserted: number;
  /** The refused points */
  results?: {
    index: number;
    id: string;
    status: number;
    problem: Problem;
  }[] | undefined;
}

export interface Point {
  id: string;
  /** Any JSON, at most 16 KB */
  metadata: Record<string, unknown>;
  vector: number[];
}

/** Metadata is merged (RFC 7396): null removes a member, or all of it */
export interface PointChange {
  metadata: Record<string, unknown> | null;
}

export interface PointSummary {
  id: string;
  /** Any JSON, at most 16 KB */
  metadata: Record<string, unknown>;
  vector?: number[] | undefined;
}

export interface PointsBatch {
  get?: string[] | undefined;
  delete?: string[] | undefined;
  /** Deletes the points that match */
  filter?: Filter | undefined;
  /** Deletes every point */
  all?: true | undefined;
  /** Only counts what `filter` or `all` would delete */
  dryRun?: boolean | undefined;
}

export interface PointsBatchResult {
  results: {
    op: "get" | "delete";
    /** Position in `get` or `delete` */
    index: number;
    id: string;
    status: number;
    point?: Point | undefined;
    problem?: Problem | undefined;
  }[];
  /** By `filter` or `all` */
  removed?: number | undefined;
  /** Of a dry run */
  count?: number | undefined;
  /** Of a dry run: the vectors as they are stored */
  bytes?: number | undefined;
}

export interface Search {
  vector?: number[] | undefined;
  /** Embedded with the model; dimensions must fit */
  text?: string | undefined;
  /** The vector of this point, which is not a match itself */
  id?: string | undefined;
  /** With `id`: the point may be a match */
  includeSelf?: boolean | undefined;
  /** Number of matches; 10 by default */
  k?: number | undefined;
  filter?: Filter | undefined;
  /** Score every vector exactly, from its stored row */
  exact?: boolean | undefined;
  /** Share of the exact answer to be found; 0.99 by default, 1 scans all codes */
  recallTarget?: number | undefined;
  includeVectors?: boolean | undefined;
  minScore?: number | undefined;
}

export interface SearchAnswer {
  matches: {
    id: string;
    /** Cosine, dot product, or minus the Euclidean distance: larger is better */
    score: number;
    /** Any JSON, at most 16 KB */
    metadata: Record<string, unknown>;
    vector?: number[] | undefined;
  }[];
  /** Vectors searched in each tier */
  tier: {
    hot: number;
    cold: number;
  };
  recall: {
    /** What was asked for */
    target: number;
    /** What `recall` measured last of such searches; null before that, and for an exact search */
    measured: number | null;
  };
  /** Share of the vectors that were looked at */
  scannedRatio: number;
  tookMs: number;
}

export interface SearchesAnswer {
  results: {
    matches?: {
      id: string;
      /** Cosine, dot product, or minus the Euclidean distance: larger is better */
      score: number;
      /** Any JSON, at most 16 KB */
      metadata: Record<string, unknown>;
      vector?: number[] | undefined;
    }[] | undefined;
    /** Vectors searched in each tier */
    tier?: {
      hot: number;
      cold: number;
    } | undefined;
    recall?: {
      /** What was asked for */
      target: number;
      /** What `recall` measured last of such searches; null before that, and for an exact search */
      measured: number | null;
    } | undefined;
    /** Share of the vectors that were looked at */
    scannedRatio?: number | undefined;
    tookMs?: number | undefined;
    index: number;
    status: number;
    problem?: Problem | undefined;
  }[];
}

export interface Recall {
  /** null for fewer than two points */
  recall: number | null;
  /** What the exact scan reads: the float32 vectors that were sent, or the stored values if the originals are not kept */
  against: "sent" | "stored";
  /** Points that both answers are drawn from: all of them, or an even sample, which makes recall look better */
  comparedPoints: number;
  points: number;
  k: number;
  sample: number;
  tier: {
    hot: number;
    cold: number;
  };
  tookMs: number;
}

/** {field: value}, {field: {eq, ne, in, gt, gte, lt, lte, exists}}, {and: […]}, {or: […]}, {not: …} */
export type Filter = Record<string, unknown>;

export interface PutDocument {
  text: string;
  /** Origin of the document, such as a file name or URL; the id if omitted */
  source?: string | undefined;
  page?: number | null | undefined;
  /** A BCP 47 language tag: keyword search stems words by it; detected from the text if omitted */
  language?: string | null | undefined;
  metadata?: Record<string, unknown> | undefined;
  /** In characters; 1,000 with an overlap of 200 by default */
  chunking?: {
    size?: number | undefined;
    overlap?: number | undefined;
  } | undefined;
}

export interface PutDocumentItem {
  id: string;
  text: string;
  /** Origin of the document, such as a file name or URL; the id if omitted */
  source?: string | undefined;
  page?: number | null | undefined;
  /** A BCP 47 language tag: keyword search stems words by it; detected from the text if omitted */
  language?: string | null | undefined;
  metadata?: Record<string, unknown> | undefined;
  /** In characters; 1,000 with an overlap of 200 by default */
  chunking?: {
    size?: number | undefined;
    overlap?: number | undefined;
  } | undefined;
}

export interface Ingested {
  id: string;
  chunks: number;
  /** SHA-256 of the text */
  checksum: string;
  /** Chunks that the model embedded */
  embedded: number;
  /** Chunks whose vectors were reused */
  reused: number;
}

export interface DocumentsResult {
  results: {
    index: number;
    id: string | null;
    status: number;
    chunks?: number | undefined;
    /** SHA-256 of the text */
    checksum?: string | undefined;
    /** Chunks that the model embedded */
    embedded?: number | undefined;
    /** Chunks whose vectors were reused */
    reused?: number | undefined;
    problem?: Problem | undefined;
  }[];
}

export interface Document {
  id: string;
  source: string;
  page: number | null;
  language: string | null;
  metadata: Record<string, unknown>;
  checksum: string;
  chunks: number;
  characters: number;
  chunking: {
    size: number;
    overlap: number;
  };
  model: string;
  createdAt: string;
  updatedAt: string;
}

export interface DocumentWithText {
  id: string;
  source: string;
  page: number | null;
  language: string | null;
  metadata: Record<string, unknown>;
  checksum: string;
  chunks: number;
  characters: number;
  chunking: {
    size: number;
    overlap: number;
  };
  model: string;
  createdAt: string;
  updatedAt: string;
  text: string;
}

export interface Chunk {
  chunkId: string;
  documentId: string;
  ordinal: number;
  text: string;
  start: number;
  end: number;
}

export interface RagQuery {
  query: string;
  k?: number | undefined;
  /** A filter on fields of the document and of its metadata; see Filters */
  filter?: Record<string, unknown> | undefined;
  /** Minimum score: cosine, BM25, or 0–1 for hybrid */
  minScore?: number | undefined;
  /** Number of chunks to return before and after each match */
  neighbors?: number | undefined;
  mode?: "vector" | "keyword" | "hybrid" | undefined;
}

export interface RagAnswer {
  matches: {
    chunkId: string;
    text: string;
    start: number;
    end: number;
    documentId: string;
    source: string;
    page: number | null;
    score: number;
    neighbors: {
      chunkId: string;
      text: string;
      start: number;
      end: number;
      /** Distance from the match in chunks; −1 is the chunk right before it */
      offset: number;
    }[];
  }[];
  cached: boolean;
  tookMs: number;
}

export interface ContextQuery {
  query: string;
  conversationId?: string | undefined;
  maxTokens: number;
  /** The model whose tokens are counted, such as gpt-4o or claude-… */
  model?: string | undefined;
  /** Number of passages to consider */
  k?: number | undefined;
  /** A filter on fields of the document and of its metadata; see Filters */
  filter?: Record<string, unknown> | undefined;
  /** Instructions that stand first in the prompt, and are counted */
  system?: string | undefined;
}

export interface Context {
  messages: {
    role: "user" | "assistant" | "system" | "tool";
    content: string | {
      type: string;
      text?: string | undefined;
    }[];
    metadata?: Record<string, unknown> | undefined;
  }[];
  citations: {
    marker: number;
    documentId: string;
    source: string;
    page: number | null;
    start: number;
    end: number;
    chunkIds: string[];
    score: number;
  }[];
  tokens: {
    total: number;
    history: number;
    retrieved: number;
    saved: number;
  };
  dropped: {
    kind: "message" | "older-messages" | "passage";
    /** limit: more messages than are taken at once; orphan: an answer whose question is not there */
    reason: "summarised" | "budget" | "limit" | "orphan" | "duplicate";
    id?: string | undefined;
    role?: "user" | "assistant" | "system" | "tool" | undefined;
    count?: number | undefined;
    chunkId?: string | undefined;
  }[];
  tokenizer: {
    encoding: string;
    exact: boolean;
    marginRatio: number;
  };
}

export interface RagStatus {
  documents: number;
  chunks: number;
  characters: number;
  conversations: number;
  messages: number;
  embedder: {
    kind: "embedded" | "remote";
    model: string;
    dimensions: number | null;
    state: "stopped" | "starting" | "ready" | "failing";
    runtime: string | null;
    processId: number | null;
    memoryBytes: number;
    queuedTexts: number;
    maxQueuedTexts: number;
    embeddedTexts: number;
    starts: number;
  };
  embeddingCache: {
    hits: number;
    misses: number;
    hitRatio: number | null;
    items: number;
    bytes: number;
    diskRows: number | null;
    maxDiskRows: number;
  };
  queryCache: {
    hits: number;
    misses: number;
    hitRatio: number | null;
    items: number;
    maxItems: number;
    bytes: number;
    maxBytes: number;
  };
  index: {
    rows: number;
    scopes: number;
    bytes: number;
    memoryScans: number;
    diskScans: number;
  };
  reembedding: Reembedding;
}

export interface Reembedding {
  state: "idle" | "running" | "completed" | "failed";
  model: string;
  total: number;
  done: number;
  error: string | null;
  startedAt: string | null;
  finishedAt: string | null;
}

export interface EmbeddingsRequest {
  input: string | string[];
  /** Any name; the answer names the model that embedded */
  model?: string | undefined;
  /** base64: 32-bit floats, little-endian */
  encoding_format?: "float" | "base64" | undefined;
  /** The model's own, or the call is refused */
  dimensions?: number | undefined;
  /** Ignored */
  user?: string | undefined;
}

export interface Embeddings {
  object: "list";
  data: {
    object: "embedding";
    index: number;
    embedding: number[] | string;
  }[];
  model: string;
  usage: {
    /** Estimated: a token for four characters */
    prompt_tokens: number;
    total_tokens: number;
  };
}

export interface NewMessage {
  /** The caller's own id, unique in the conversation; the same message sent again is the same message */
  id?: string | undefined;
  role: "user" | "assistant" | "system" | "tool";
  content: string | {
    type: string;
    text?: string | undefined;
  }[];
  metadata?: Record<string, unknown> | undefined;
}

export interface Message {
  id: string;
  conversationId: string;
  /** Its place in the conversation, from 1; a place is never given out twice */
  sequence: number;
  role: "user" | "assistant" | "system" | "tool";
  content: string | {
    type: string;
    text?: string | undefined;
  }[];
  metadata: Record<string, unknown> | null;
  createdAt: string;
  /** When it was last edited, or made */
  updatedAt: string;
  /** The conversation's version that last changed it */
  version: number;
}

export interface MessageChange {
  role: "user" | "assistant" | "system" | "tool";
  content: string | {
    type: string;
    text?: string | undefined;
  }[];
  metadata?: Record<string, unknown> | undefined;
}

export type Appended = Message | {
  messages: Message[];
};

export interface Truncate {
  /** The last message that stays; null: none stays */
  after: string | null;
  /** Appended in the same step */
  messages?: NewMessage[] | undefined;
}

export interface Truncated {
  removed: number;
  messages: Message[];
  conversation: Conversation;
}

export interface Conversation {
  id: string;
  title: string | null;
  owner: string | null;
  metadata: Record<string, unknown> | null;
  messages: number;
  createdAt: string;
  /** When it, or a message of it, last changed */
  updatedAt: string;
  /** The newest message's time; its own while it has none */
  lastMessageAt: string;
  /** Counts changes, of the messages too */
  version: number;
}

export interface ConversationFields {
  title?: string | null | undefined;
  /** Whose conversation it is, for lists and bulk deletion: any id of yours */
  owner?: string | null | undefined;
  metadata?: Record<string, unknown> | null | undefined;
}

export interface MessageSearch {
  query: string;
  k?: number | undefined;
  conversationId?: string | undefined;
  mode?: "vector" | "keyword" | "hybrid" | undefined;
}

export interface MessageSearchAnswer {
  matches: {
    id: string;
    conversationId: string;
    /** Its place in the conversation, from 1; a place is never given out twice */
    sequence: number;
    role: "user" | "assistant" | "system" | "tool";
    content: string | {
      type: string;
      text?: string | undefined;
    }[];
    metadata: Record<string, unknown> | null;
    createdAt: string;
    /** When it was last edited, or made */
    updatedAt: string;
    /** The conversation's version that last changed it */
    version: number;
    /** Cosine, BM25, or 0–1 for hybrid */
    score: number;
  }[];
  /** True if the answer ended at 8 MiB, before the number of messages asked for */
  isCut: boolean;
  /** Messages without a vector yet, counted up to 10,000; until then they are found by keyword only */
  pending: number;
  tookMs: number;
}

export interface StreamJob {
  id: string;
  namespace: string;
  state: "queued" | "running" | "waiting" | "completed" | "failed" | "cancelled" | "interrupted";
  target: string;
  format: "ndjson" | "json" | "csv" | "fvecs" | "bvecs" | "f32" | "text";
  /** Encoding of the text, detected or given; null for binary formats and until it is known */
  encoding: string | null;
  /** csv: the field delimiter, detected or given */
  delimiter: string | null;
  /** Bytes of the body received so far, as sent */
  bytesRead: number;
  /** Size of the whole body, if the client stated it */
  bytesTotal: number | null;
  /** Records stored in the target, with their ids in /results; for the target `none`, records checked */
  records: number;
  /** Records left out by `where` */
  filtered: number;
  /** Records in which `where` compared text with a number, which never matches; use `cast` on the field */
  comparedUnlike: number;
  /** Records in which `select` found none of its fields; stored as {} */
  selectedNothing: number;
  /** Records that were rejected; listed in /rejects */
  rejected: number;
  bytesPerSecond: number;
  /** Bytes that are read but not yet stored */
  bufferedBytes: number;
  peakBufferedBytes: number;
  /** Byte offset at which a PATCH resumes */
  uploadOffset: number;
  resumable: boolean;
  error: {
    code: string;
    message: string;
    line: number | null;
    offset: number | null;
  } | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

export interface StreamReject {
  line: number;
  offset: number;
  code: string;
  message: string;
  excerpt: string;
}

export interface MemorySample {
  /** Grows by one per sample; continues from the stored maximum after a restart */
  sequence: number;
  bootId: string;
  sampledAt: string;
  nodeId: string;
  limitBytes: number;
  limitSource: "configured" | "container";
  /** RSS of the process and its helper processes */
  usedBytes: number;
  usedRatio: number;
  level: "normal" | "elevated" | "critical";
  process: {
    rssBytes: number;
    heapUsedBytes: number;
    heapTotalBytes: number;
    heapLimitBytes: number;
    externalBytes: number;
    arrayBuffersBytes: number;
    /** Highest committed heap since V8 last returned free pages; the part above heapTotalBytes may still be in RSS. Reported on Node.js 22 and later */
    heapPeakBytes?: number | undefined;
  };
  container: {
    limitBytes: number | null;
    currentBytes: number | null;
    pressureSome10: number | null;
    pressureFull10: number | null;
  };
  /** Sums exactly to usedBytes; unattributed may be negative */
  breakdown: {
    component: "sessions" | "cache" | "vectors" | "rag" | "embeddings" | "streams" | "runtime" | "unattributed";
    bytes: number;
  }[];
  gc: {
    minorCount: number;
    majorCount: number;
    pauseMs: number;
    heapUsedAfterMajorBytes: number | null;
  };
  eventLoop: {
    delayP99Ms: number;
    utilizationRatio: number;
  };
  activity: {
    requests: number;
  };
}

export interface StoreStats {
  store: string;
  items: number;
  maxItems: number | null;
  bytes: number;
  maxBytes: number | null;
  hits: number;
  misses: number;
  /** null before the first lookup */
  hitRatio: number | null;
  evictions: number;
  expirations: number;
  rejections: number;
  spilledItems: number;
  ttlSeconds: number | null;
  policy: string;
  /** Removals since the start, by cause */
  removals: {
    evicted: number;
    expired: number;
    replaced: number;
    deleted: number;
    spilled: number;
  };
  /** Figures of the last 5 minutes */
  window: {
    hits: number;
    misses: number;
    hitRatio: number | null;
  };
}

export interface LeakReport {
  state: "warming-up" | "clear" | "suspected" | "confirmed";
  /** The verdict from before the restart of this server or the service, until a new one replaces it */
  before?: {
    state: "suspected" | "confirmed";
    /** When that verdict was reached */
    at: string;
  } | null | undefined;
  suspects: {
    series: "heap" | "external" | "arrayBuffers" | "native";
    slopeBytesPerHour: number;
    slopeLow: number;
    slopeHigh: number;
    confidence: number;
    firstSeenAt: string;
    evidence: {
      samples: number;
      method: string;
      unexplainedBytes: number;
    };
    attribution: {
      site: string;
      constructorName: string | null;
      liveBytes: number;
      growthBytes: number;
    }[];
  }[];
}

export interface Recommendation {
  rule: string;
  severity: "info" | "warning" | "critical";
  value: number | null;
  threshold: number | null;
  cause: string;
  action: string;
  expected: string;
  panel: string;
  /** A suggested setting to apply with PATCH /api/v1/settings; null if no setting would help */
  setting: {
    key: string;
    value: number;
  } | null;
}

export interface OptimizationRun {
  id: string;
  trigger: "manual" | "pressure" | "forecast" | "scheduled";
  /** Who requested the run; viewers of other namespaces see `an operator` */
  actor: string;
  /** Namespace of the actor's key, if a key made the request and the reader may see it */
  actorNamespace?: string | undefined;
  dryRun: boolean;
  state: "running" | "completed" | "nothing-to-do" | "failed";
  startedAt: string;
  durationMs: number;
  targetRatio: number | null;
  before: {
    usedBytes: number;
    heapUsedBytes: number;
    storeBytes: number;
  };
  after: {
    usedBytes: number;
    heapUsedBytes: number;
    storeBytes: number;
  };
  /** Bytes that the stores released, by the ledger */
  freedBytes: number;
  /** Decrease of RSS, as the operating system reports it */
  rssFreedBytes: number;
  /** Why the target was missed or the run failed; null otherwise */
  note: string | null;
  steps: {
    step: string;
    items: number;
    predictedFreedBytes: number;
    freedBytes: number;
    durationMs: number;
    longestPauseMs: number;
  }[];
}

export interface MemoryReport {
  sample: MemorySample;
  stores: StoreStats[];
  /** Redis of the fleet, as of the last five seconds; only with HEADROOM_REDIS_URL */
  redis?: {
    state: "ready" | "away";
    /** used_memory; null before the first answer */
    usedBytes: number | null;
    /** maxmemory; null if Redis has no bound */
    maxBytes: number | null;
    /** maxmemory-policy; any other than noeviction may drop what others count on */
    evictionPolicy: string | null;
    /** What all nodes keep there, by their own estimate */
    keptBytes: number | null;
    /** HEADROOM_REDIS_MAX_MB */
    keptMaxBytes: number;
  } | undefined;
  leaks: LeakReport | null;
  /** Summary of the watched services in the caller's namespace */
  services?: {
    watched: number;
    confirmed: string[];
    /** Confirmed before a restart of the service or of this server, and not judged since */
    formerly: string[];
    suspected: string[];
    /** No sample for three sampling periods */
    silent: string[];
  } | undefined;
  forecast: {
    secondsToLimit: number | null;
    low: number | null;
    high: number | null;
  } | null;
  recommendations: Recommendation[] | null;
  optimizer: {
    running: boolean;
    lastRun: OptimizationRun | null;
    nextAutomaticAt: string | null;
  } | null;
}

export interface MemoryHistory {
  samples: (MemorySample | {
    startAt: string;
    count: number;
    min: {
      usedBytes: number;
      limitBytes: number;
      rssBytes: number;
      heapUsedBytes: number;
      heapTotalBytes: number;
      externalBytes: number;
      arrayBuffersBytes: number;
      gcPauseMs: number;
      delayP99Ms: number;
      requests: number;
    };
    max: {
      usedBytes: number;
      limitBytes: number;
      rssBytes: number;
      heapUsedBytes: number;
      heapTotalBytes: number;
      externalBytes: number;
      arrayBuffersBytes: number;
      gcPauseMs: number;
      delayP99Ms: number;
      requests: number;
    };
    mean: {
      usedBytes: number;
      limitBytes: number;
      rssBytes: number;
      heapUsedBytes: number;
      heapTotalBytes: number;
      externalBytes: number;
      arrayBuffersBytes: number;
      gcPauseMs: number;
      delayP99Ms: number;
      requests: number;
    };
    /** Mean bytes per component in this step */
    breakdown: {
      component: "sessions" | "cache" | "vectors" | "rag" | "embeddings" | "streams" | "runtime" | "unattributed";
      bytes: number;
    }[];
  })[];
  /** Length of a step; null for raw samples */
  stepSeconds: number | null;
  /** True if more samples matched than one response holds (2,000); continue with afterSequence */
  truncated: boolean;
  /** Restarts, by the first sample of each process, oldest first; at most the newest 500 in the range */
  restarts?: {
    bootId: string;
    at: string;
  }[] | undefined;
}

export interface OptimizeRequest {
  /** Only predict; change nothing */
  dryRun?: boolean | undefined;
  /** Free memory until usage is at this share of the limit */
  targetRatio?: number | undefined;
  /** Run only these steps: `<kind>:<store>`, `<kind>` for every store, or `collect` */
  steps?: string[] | undefined;
}

export interface SamplePush {
  sample: MemorySample;
  stores: StoreStats[];
}

export interface MemoryAlert {
  level: "normal" | "elevated" | "critical";
  usedRatio: number;
  /** The new level in words */
  message: string;
  at: string;
}

export interface SignedOut {
  reason: "signed-out";
  message: string;
}

export interface Identity {
  keyId: string;
  name: string;
  role: "viewer" | "consumer" | "operator";
  namespace: string;
  /** When the key or the cookie expires */
  expiresAt: string | null;
}

export interface Key {
  id: string;
  name: string;
  role: "viewer" | "consumer" | "operator";
  namespace: string;
  createdAt: string;
  expiresAt: string | null;
  /** Requests that the key may make in a minute; null is without a bound */
  ratePerMinute: number | null;
}

export interface NewKey {
  name: string;
  role: "viewer" | "consumer" | "operator";
  namespace?: string | undefined;
  expiresAt?: string | undefined;
  /** Requests that the key may make in a minute; null is without a bound */
  ratePerMinute?: number | null | undefined;
}

export interface Namespace {
  name: string;
  quota: {
    /** Bytes that the namespace may keep; null is without a bound */
    bytes: number | null;
    /** Sessions, cached responses, points, documents and messages together; null is without a bound */
    items: number | null;
  };
  /** Counted for namespaces with a quota; null for others */
  usage: {
    bytes: number;
    items: number;
    stores: {
      /** Data as JSON */
      sessions: {
        bytes: number;
        items: number;
      };
      /** In memory: bodies as kept, keys, tags and what an entry takes */
      cache: {
        bytes: number;
        items: number;
      };
      /** Encoded vectors and metadata of points */
      vectors: {
        bytes: number;
        items: number;
      };
      /** Texts as kept, metadata, chunks and their vectors */
      documents: {
        bytes: number;
        items: number;
      };
      /** Messages with their parts and metadata; conversations' names and fields */
      conversations: {
        bytes: number;
        items: number;
      };
    };
  } | null;
  /** Grows with each change of the quota, also after it was lifted; 0 without one */
  version: number;
}

export interface NamespaceChange {
  /** Replaces the quota: what is left out is without a bound, and null lifts both */
  quota: {
    bytes?: number | null | undefined;
    items?: number | null | undefined;
  } | null;
}

export interface NewKeyAnswer {
  id: string;
  name: string;
  role: "viewer" | "consumer" | "operator";
  namespace: string;
  createdAt: string;
  expiresAt: string | null;
  /** Requests that the key may make in a minute; null is without a bound */
  ratePerMinute: number | null;
  /** The secret; shown only in this response, as only its hash is stored */
  key: string;
}

export interface Settings {
  /** Grows by one with each change; 0 before the first change */
  revision: number;
  changedAt: string | null;
  settings: {
    name: string;
    value: number | string;
    default: number | string;
    source: "default" | "stored" | "environment";
    variable: string;
    unit: string;
    description: string;
    minimum: number | null;
    maximum: number | null;
    choices: string[] | null;
  }[];
  /** The newest 20, newest first */
  revisions: {
    revision: number;
    actor: string;
    reason: string;
    createdAt: string;
  }[];
}

export interface SettingsChange {
  memoryLimitMb?: number | null | undefined;
  sampleSeconds?: number | null | undefined;
  optimizeAtRatio?: number | null | undefined;
  maxSessions?: number | null | undefined;
  sessionTimeoutSeconds?: number | null | undefined;
  sessionsMaxMb?: number | null | undefined;
  sessionDurability?: "everysec" | "always" | null | undefined;
  cacheMaxEntries?: number | null | undefined;
  cacheTtlSeconds?: number | null | undefined;
  cacheTtlJitter?: number | null | undefined;
  cacheMaxMb?: number | null | undefined;
  cachePolicy?: "auto" | "lru" | "s3-fifo" | null | undefined;
  maxVectors?: number | null | undefined;
  vectorsMaxMb?: number | null | undefined;
  queryCacheEntries?: number | null | undefined;
  queryCacheTtlSeconds?: number | null | undefined;
  queryCacheMaxMb?: number | null | undefined;
  semanticCache?: "off" | "on" | null | undefined;
  ragMaxMb?: number | null | undefined;
  maxHistoryMessages?: number | null | undefined;
  contextMaxMessages?: number | null | undefined;
  historyMaxMb?: number | null | undefined;
  streamMaxMb?: number | null | undefined;
  diskMaxMb?: number | null | undefined;
  maxBodyMb?: number | null | undefined;
}

export interface AuditEntry {
  id: number;
  at: string;
  actor: string;
  namespace: string;
  /** For example settings.patch, keys.create or memory.optimize */
  action: string;
  target: string;
  outcome: "done" | "refused" | "failed";
  requestId: string | null;
  detail: string;
}

/** Every event of the socket. `const socket: Socket<ServerToClientEvents, Record<string, never>> = io(…)` */
export interface ServerToClientEvents {
  "memory:sample": (payload: SamplePush) => void;
  "memory:optimize-progress": (payload: OptimizationRun) => void;
  "memory:optimized": (payload: OptimizationRun) => void;
  "memory:leak": (payload: LeakReport) => void;
  "memory:alert": (payload: MemoryAlert) => void;
  "stream:progress": (payload: StreamJob) => void;
  "signed-out": (payload: SignedOut) => void;
}
