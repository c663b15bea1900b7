import { z } from "zod";
import { idSchema, integerParameter, listQuery, page } from "./common.ts";
import { problemSchema } from "./problem.ts";

export const MAX_DIMENSIONS = 4_096;
export const MAX_POINTS_PER_CALL = 1_000;
export const MAX_K = 1_000;

const count = z.number().int().nonnegative();
export const metricSchema = z.enum(["cosine", "dot", "euclidean"]);
export const precisionSchema = z.enum(["float32", "float16", "int16", "int8"]);

/** Checked element by element with the collection's shape at hand: a bad point is refused by its index, and the others land. */
const pointVector = z
  .custom<number[]>(Array.isArray, "must be a list of numbers")
  .meta({ type: "array", items: { type: "number" }, minItems: 1, maxItems: MAX_DIMENSIONS });

const isFiniteList = (value: unknown): boolean => Array.isArray(value) && value.every((item) => Number.isFinite(item));
const queryVector = z
  .custom<number[]>(isFiniteList, "must be a list of finite numbers")
  .meta({ type: "array", items: { type: "number" }, minItems: 1, maxItems: MAX_DIMENSIONS });

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);
/** Kept as it was parsed: copying would lose a key such as `__proto__`. */
export const metadataSchema = z
  .custom<Record<string, unknown>>(isObject, "must be an object")
  .meta({ type: "object", description: "Any JSON, at most 16 KB" });

/** Read by lib/shared/filter.ts, which says what is wrong with it. */
export const filterSchema = z.custom<Record<string, unknown>>(isObject, "must be an object").meta({
  type: "object",
  description: "{field: value}, {field: {eq, ne, in, gt, gte, lt, lte, exists}}, {and: […]}, {or: […]}, {not: …}",
});

export const collectionParams = z.object({ name: idSchema });
export const pointParams = z.object({ name: idSchema, id: idSchema });

export const collectionShapeSchema = z.strictObject({
  dimensions: z.number().int().min(1).max(MAX_DIMENSIONS),
  metric: metricSchema,
  precision: precisionSchema
    .optional()
    .describe("int16 when it is made: 16 bits a value on the vector's own scale. float16 is IEEE half"),
});

export const collectionSchema = z.object({
  name: z.string(),
  dimensions: count,
  metric: metricSchema,
  precision: precisionSchema,
  createdAt: z.iso.datetime(),
  items: count,
  tiers: z.object({
    hot: count.describe("At full precision in memory"),
    cold: count.describe("A code in memory, the row on disk"),
    disk: count.describe("On disk alone"),
  }),
  quantization: z
    .object({
      meanError: z
        .number()
        .nonnegative()
        .nullable()
        .describe("Mean difference of a value; null before any was measured"),
      maxError: z.number().nonnegative().nullable().describe("Largest difference of a value"),
      vectors: count.describe("Vectors measured: all written to it, replaced and removed ones too"),
    })
    .describe("How far values as they come back lie from what was sent, in the unit they were sent in"),
  bytes: z.number().describe("Memory taken: blocks, index, ids and metadata"),
  searches: count,
  hits: count.describe("Matches returned from the hot tier"),
  misses: count.describe("Matches returned from elsewhere"),
  hitRatio: z.number().min(0).max(1).nullable(),
  evictions: count.describe("Vectors pushed out of the hot tier"),
  spilledItems: count.describe("Vectors that are not hot now"),
});
export type CollectionView = z.infer<typeof collectionSchema>;

export const collectionsPage = page(collectionSchema);

/** A point to keep: in a call, and as a stream's record. */
export const newPointSchema = z.strictObject({
  id: idSchema,
  vector: pointVector,
  metadata: metadataSchema.optional(),
});
export const pointsBody = z.strictObject({ points: z.array(newPointSchema).max(MAX_POINTS_PER_CALL) });

export const upsertedSchema = z.object({
  upserted: count,
  results: z
    .array(z.object({ index: count, id: z.string(), status: z.number().int(), problem: problemSchema }))
    .optional()
    .describe("The refused points"),
});

export const pointSchema = z.object({ id: z.string(), metadata: metadataSchema, vector: z.array(z.number()) });
export const pointsPage = page(z.object({ id: z.string(), metadata: metadataSchema }));
export const pointsQuery = listQuery.extend({ filter: z.string().max(65_536).optional().describe("A filter as JSON") });

export const searchBody = z.strictObject({
  vector: queryVector,
  k: z.number().int().min(1).max(MAX_K).optional().describe("10 when left out"),
  filter: filterSchema.optional(),
  exact: z.boolean().optional().describe("Score every vector from its stored row"),
  includeVectors: z.boolean().optional(),
  minScore: z.number().optional(),
});

export const searchAnswer = z.object({
  matches: z.array(
    z.object({
      id: z.string(),
      score: z.number().describe("Cosine, dot product, or minus the Euclidean distance: larger is better"),
      metadata: metadataSchema,
      vector: z.array(z.number()).optional(),
    }),
  ),
  tier: z.object({ hot: count, cold: count }).describe("Vectors searched in each tier"),
  tookMs: z.number(),
});
export type SearchAnswer = z.infer<typeof searchAnswer>;

export const recallQuery = z.strictObject({ sample: integerParameter(1, 1_000).optional() });
export const recallSchema = z.object({
  recall: z.number().min(0).max(1).nullable().describe("Null for fewer than two points"),
  against: z
    .enum(["sent", "stored"])
    .describe(
      "What the exact scan reads: the float32 vectors that were sent, or what is stored, where those are not kept",
    ),
  comparedPoints: count.describe("Points that both answers are drawn from: all, or an even sample, which is easier"),
  points: count,
  k: count,
  sample: count,
  tier: z.object({ hot: count, cold: count }),
  tookMs: z.number(),
});
export type RecallView = z.infer<typeof recallSchema>;
