import { z } from "zod";
import { namespaceSchema } from "./common.ts";

const most = z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullable();
const figure = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

export const quotaSchema = z.object({
  bytes: most.describe("Bytes that the namespace may keep; null is without a bound"),
  items: most.describe("Sessions, cached responses, points, documents and messages together; null is without a bound"),
});

export const amountSchema = z.object({ bytes: figure, items: figure });

export const usageSchema = z.object({
  bytes: figure,
  items: figure,
  stores: z.object({
    sessions: amountSchema.describe("Data as JSON"),
    cache: amountSchema.describe("In memory: bodies as kept, keys, tags and what an entry takes"),
    vectors: amountSchema.describe("Encoded vectors and metadata of points"),
    documents: amountSchema.describe("Texts as kept, metadata, chunks and their vectors"),
    conversations: amountSchema.describe("Messages with their parts and metadata; conversations' names and fields"),
  }),
});

export const namespaceViewSchema = z.object({
  name: z.string(),
  quota: quotaSchema,
  usage: usageSchema.nullable().describe("Counted for namespaces with a quota; null for others"),
  version: z.int().min(0).describe("Grows with each change of the quota, also after it was lifted; 0 without one"),
});
export type NamespaceView = z.infer<typeof namespaceViewSchema>;

export const namespaceParams = z.object({ name: namespaceSchema });

export const putNamespaceSchema = z
  .strictObject({
    quota: z
      .strictObject({ bytes: most.optional(), items: most.optional() })
      .refine(({ bytes, items }) => bytes !== undefined || items !== undefined, "must have bytes, items or both")
      .nullable()
      .describe("Replaces the quota: what is left out is without a bound, and null lifts both"),
  })
  .meta({ examples: [{ quota: { bytes: 104_857_600, items: 100_000 } }] });
