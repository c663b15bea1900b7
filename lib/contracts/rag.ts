import { z } from "zod";
import { booleanParameter, idSchema, listQuery, orderSchema, page } from "./common.ts";
import { contentSchema, roleSchema } from "./conversations.ts";
import { problemSchema } from "./problem.ts";
import { itemText, label, metadataSchema, question } from "./texts.ts";

const count = z.number().int().min(0);
export const chunkingSchema = z
  .strictObject({
    size: z.number().int().min(50).max(20_000).default(1_000),
    overlap: z.number().int().min(0).max(10_000).optional(),
  })
  // If only the size is given, the overlap is a fifth of it, as with the default of 200 for 1,000.
  .transform(({ size, overlap }) => ({ size, overlap: overlap ?? Math.floor(size / 5) }))
  .refine(({ size, overlap }) => overlap <= size / 2, { path: ["overlap"], message: "must be at most half the size" });

const documentFields = {
  text: itemText(64 * 1_048_576).refine((text) => /\S/u.test(text), "must not be blank"),
  source: label(2_048).optional().describe("Origin of the document, such as a file name or URL; the id if omitted"),
  page: count.max(10_000_000).nullable().optional(),
  language: label(35)
    .nullable()
    .optional()
    .describe("A BCP 47 language tag: keyword search stems words by it; detected from the text if omitted"),
  metadata: metadataSchema.optional(),
  chunking: chunkingSchema.optional().describe("In characters; 1,000 with an overlap of 200 by default"),
};

export const putDocumentSchema = z.strictObject(documentFields);
export type PutDocument = z.infer<typeof putDocumentSchema>;
export const batchItemSchema = z.strictObject({ id: idSchema, ...documentFields });
/** Items are checked one by one, so that an invalid item does not affect the others. */
export const batchSchema = z.strictObject({ documents: z.array(z.json()).min(1).max(1_000) });

const ingestedFields = {
  id: z.string(),
  chunks: count,
  checksum: z.string().describe("SHA-256 of the text"),
  embedded: count.describe("Chunks that the model embedded"),
  reused: count.describe("Chunks whose vectors were reused"),
};
export const ingestedSchema = z.object(ingestedFields);
export const batchResultSchema = z.object({
  results: z.array(
    z.object({
      index: count,
      id: z.string().nullable(),
      status: z.number().int(),
      ...z.object(ingestedFields).omit({ id: true }).partial().shape,
      problem: problemSchema.optional(),
    }),
  ),
});

export const documentSchema = z.object({
  id: z.string(),
  source: z.string(),
  page: z.number().nullable(),
  language: z.string().nullable(),
  metadata: z.record(z.string(), z.json()),
  checksum: z.string(),
  chunks: count,
  characters: count,
  chunking: z.object({ size: count, overlap: count }),
  model: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type DocumentView = z.infer<typeof documentSchema>;
export const documentPageSchema = page(documentSchema);
const selectors = {
  source: label(2_048).optional().describe("Only documents of this source"),
  filter: z
    .string()
    .max(65_536)
    .optional()
    .describe("A filter as JSON, on fields of the document and of its metadata; see Filters"),
};
export const documentsQuery = listQuery.extend({
  ...selectors,
  sort: z.enum(["updatedAt", "createdAt", "characters", "chunks"]).optional().describe("By id if omitted"),
  order: orderSchema.optional().describe("desc with `sort`, asc without, if omitted"),
});
export const removeDocumentsQuery = z
  .strictObject({ ...selectors, all: z.enum(["1", "true"]).optional(), dryRun: booleanParameter.optional() })
  .refine(({ source, filter, all }) => (source ?? filter ?? all) !== undefined, {
    path: ["all"],
    message: "must be true where neither source nor filter selects any",
  })
  .refine(({ source, filter, all }) => all === undefined || (source ?? filter) === undefined, {
    path: ["all"],
    message: "takes neither source nor filter",
  });
export const documentWithTextSchema = documentSchema.extend({ text: z.string() });
export const chunkSchema = z.object({
  chunkId: z.string(),
  documentId: z.string(),
  ordinal: count,
  text: z.string(),
  start: count,
  end: count,
});
export const chunkPageSchema = page(chunkSchema);

const filterSchema = z
  .record(z.string(), z.json())
  .describe("A filter on fields of the document and of its metadata; see Filters");

export const ragQuerySchema = z.strictObject({
  query: question,
  k: z.number().int().min(1).max(100).default(10),
  filter: filterSchema.optional(),
  minScore: z.number().min(-1).max(1_000).optional().describe("Minimum score: cosine, BM25, or 0–1 for hybrid"),
  neighbors: z
    .number()
    .int()
    .min(0)
    .max(5)
    .default(0)
    .describe("Number of chunks to return before and after each match"),
  mode: z.enum(["vector", "keyword", "hybrid"]).default("hybrid"),
});
export type RagQuery = z.input<typeof ragQuerySchema>;

const passageFields = { chunkId: z.string(), text: z.string(), start: count, end: count };
export const matchSchema = z.object({
  ...passageFields,
  documentId: z.string(),
  source: z.string(),
  page: z.number().nullable(),
  score: z.number(),
  neighbors: z.array(
    z.object({
      ...passageFields,
      offset: z.number().int().describe("Distance from the match in chunks; −1 is the chunk right before it"),
    }),
  ),
});
export const ragAnswerSchema = z.object({ matches: z.array(matchSchema), cached: z.boolean(), tookMs: z.number() });
export type RagAnswer = z.infer<typeof ragAnswerSchema>;

export const contextQuerySchema = z.strictObject({
  query: question,
  conversationId: idSchema.optional(),
  maxTokens: z.number().int().min(1).max(2_000_000),
  model: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe("The model whose tokens are counted, such as gpt-4o or claude-…"),
  k: z.number().int().min(0).max(50).default(8).describe("Number of passages to consider"),
  filter: filterSchema.optional(),
  system: itemText(1_048_576)
    .refine((text) => text !== "", "must not be empty")
    .optional()
    .describe("Instructions that stand first in the prompt, and are counted"),
});

export const contextSchema = z.object({
  messages: z.array(
    z.object({ role: roleSchema, content: contentSchema, metadata: z.record(z.string(), z.json()).optional() }),
  ),
  citations: z.array(
    z.object({
      marker: count,
      documentId: z.string(),
      source: z.string(),
      page: z.number().nullable(),
      start: count,
      end: count,
      chunkIds: z.array(z.string()),
      score: z.number(),
    }),
  ),
  tokens: z.object({ total: count, history: count, retrieved: count, saved: count }),
  dropped: z.array(
    z.object({
      kind: z.enum(["message", "older-messages", "passage"]),
      reason: z
        .enum(["summarised", "budget", "limit", "orphan", "duplicate"])
        .describe("limit: more messages than are taken at once; orphan: an answer whose question is not there"),
      id: z.string().optional(),
      role: roleSchema.optional(),
      count: count.optional(),
      chunkId: z.string().optional(),
    }),
  ),
  tokenizer: z.object({ encoding: z.string(), exact: z.boolean(), marginRatio: z.number() }),
});

export const reembedSchema = z.object({
  state: z.enum(["idle", "running", "completed", "failed"]),
  model: z.string(),
  total: count,
  done: count,
  error: z.string().nullable(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
});

const ratio = z.number().min(0).max(1).nullable();
export const ragStatusSchema = z.object({
  documents: count,
  chunks: count,
  characters: count,
  conversations: count,
  messages: count,
  embedder: z.object({
    kind: z.enum(["embedded", "remote"]),
    model: z.string(),
    dimensions: count.nullable(),
    state: z.enum(["stopped", "starting", "ready", "failing"]),
    runtime: z.string().nullable(),
    processId: count.nullable(),
    memoryBytes: count,
    queuedTexts: count,
    maxQueuedTexts: count,
    embeddedTexts: count,
    starts: count,
  }),
  embeddingCache: z.object({
    hits: count,
    misses: count,
    hitRatio: ratio,
    items: count,
    bytes: count,
    diskRows: count.nullable(),
    maxDiskRows: count,
  }),
  queryCache: z.object({
    hits: count,
    misses: count,
    hitRatio: ratio,
    items: count,
    maxItems: count,
    bytes: count,
    maxBytes: count,
  }),
  index: z.object({ rows: count, scopes: count, bytes: count, memoryScans: count, diskScans: count }),
  reembedding: reembedSchema,
});
export type RagStatus = z.infer<typeof ragStatusSchema>;
