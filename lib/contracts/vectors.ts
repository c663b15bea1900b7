import { z } from "zod";
import { idSchema, integerParameter, listQuery, page } from "./common.ts";
import { problemSchema } from "./problem.ts";

export const MAX_DIMENSIONS = 4_096;
export const MAX_POINTS_PER_CALL = 1_000;
export const MAX_K = 1_000;

const count = z.number().int().nonnegative();
export const metricSchema = z.enum(["cosine", "dot", "euclidean"]);
export const precisionSchema = z.enum(["float32", "float16", "int16", "int8"]);

/**
 * Elements are checked later, against the collection's shape: an invalid point is refused by its index, and the others
 * are stored.
 */
const pointVector = z
  .custom<number[]>(Array.isArray, "must be a list of numbers")
  .meta({ type: "array", items: { type: "number" }, minItems: 1, maxItems: MAX_DIMENSIONS });

const isFiniteList = (value: unknown): boolean => Array.isArray(value) && value.every((item) => Number.isFinite(item));
const queryVector = z
  .custom<number[]>(isFiniteList, "must be a list of finite numbers")
  .meta({ type: "array", items: { type: "number" }, minItems: 1, maxItems: MAX_DIMENSIONS });

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);
/** Kept as parsed, because a copy would lose a key such as `__proto__`. */
export const metadataSchema = z
  .custom<Record<string, unknown>>(isObject, "must be an object")
  .meta({ type: "object", description: "Any JSON, at most 16 KB" });

/** Parsed by lib/shared/filter.ts, which reports errors. */
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
    .describe("int16 by default: 16 bits per value, scaled per vector. float16 is IEEE half precision"),
});

export const collectionSchema = z.object({
  name: z.string(),
  dimensions: count,
  metric: metricSchema,
  precision: precisionSchema,
  createdAt: z.iso.datetime(),
  items: count,
  tiers: z.object({
    hot: count.describe("Vectors in memory at full precision"),
    cold: count.describe("Vectors with a compressed code in memory and their row on disk"),
    disk: count.describe("Vectors that are only on disk"),
  }),
  quantization: z
    .object({
      meanError: z
        .number()
        .nonnegative()
        .nullable()
        .describe("Mean difference per value; null before the first measurement"),
      maxError: z
        .number()
        .nonnegative()
        .nullable()
        .describe("Largest difference of a value; null before the first measurement"),
      vectors: count.describe(
        "Number of vectors measured: all that were ever written, including replaced and removed ones",
      ),
    })
    .describe("Difference between the values returned and the values sent, in the unit of the values"),
  bytes: z.number().describe("Memory used by blocks, index, ids and metadata"),
  searches: count,
  hits: count.describe("Matches returned from the hot tier"),
  misses: count.describe("Matches returned from the other tiers"),
  hitRatio: z.number().min(0).max(1).nullable(),
  evictions: count.describe("Vectors evicted from the hot tier"),
  spilledItems: count.describe("Vectors that are not in the hot tier now"),
});
export type CollectionView = z.infer<typeof collectionSchema>;

export const collectionsPage = page(collectionSchema);

/** A point to store: an item of a call, or a record of a stream. */
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
  k: z.number().int().min(1).max(MAX_K).optional().describe("Number of matches; 10 by default"),
  filter: filterSchema.optional(),
  exact: z.boolean().optional().describe("Score every vector exactly, from its stored row"),
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
  recall: z.number().min(0).max(1).nullable().describe("null for fewer than two points"),
  against: z
    .enum(["sent", "stored"])
    .describe(
      "What the exact scan reads: the float32 vectors that were sent, or the stored values if the originals are not kept",
    ),
  comparedPoints: count.describe(
    "Points that both answers are drawn from: all of them, or an even sample, which makes recall look better",
  ),
  points: count,
  k: count,
  sample: count,
  tier: z.object({ hot: count, cold: count }),
  tookMs: z.number(),
});
export type RecallView = z.infer<typeof recallSchema>;
