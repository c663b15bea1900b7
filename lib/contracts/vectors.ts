import { z } from "zod";
import { booleanParameter, idSchema, integerParameter, listQuery, orderSchema, page } from "./common.ts";
import { problemSchema } from "./problem.ts";

export const MAX_DIMENSIONS = 4_096;
export const MAX_POINTS_PER_CALL = 1_000;
export const MAX_K = 1_000;
const MAX_SEARCHES = 32;
const MAX_TEXT = 8_192;

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
export const collectionsQuery = listQuery.extend({
  sort: z.enum(["name", "points", "bytes"]).optional(),
  order: orderSchema.optional(),
});

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
export const patchPointBody = z
  .strictObject({ metadata: metadataSchema.nullable() })
  .describe("Metadata is merged (RFC 7396): null removes a member, or all of it");
export const pointsPage = page(
  z.object({ id: z.string(), metadata: metadataSchema, vector: z.array(z.number()).optional() }),
);
export const pointsQuery = listQuery.extend({
  filter: z.string().max(65_536).optional().describe("A filter as JSON"),
  includeVectors: booleanParameter.optional().describe("A page then holds at most 262,144 values"),
});

const ids = z.array(idSchema).max(MAX_POINTS_PER_CALL);
export const pointsBatchBody = z
  .strictObject({
    get: ids.optional(),
    delete: ids.optional(),
    filter: filterSchema.optional().describe("Deletes the points that match"),
    all: z.literal(true).optional().describe("Deletes every point"),
    dryRun: z.boolean().optional().describe("Only counts what `filter` or `all` would delete"),
  })
  .refine((batch) => Object.values(batch).some((part) => Array.isArray(part) || isObject(part) || part === true), {
    message: "name get, delete, filter or all: true",
  })
  .refine(({ filter, all }) => filter === undefined || all === undefined, { message: "name filter or all, not both" })
  .refine(({ filter }) => filter === undefined || Object.keys(filter).length > 0, {
    message: "must not be empty; all: true deletes every point",
    path: ["filter"],
  })
  .refine(({ dryRun, filter, all }) => !dryRun || filter !== undefined || all !== undefined, {
    message: "needs filter or all",
    path: ["dryRun"],
  })
  .refine((batch) => !batch.dryRun || batch.delete === undefined, {
    message: "cannot be combined with delete",
    path: ["dryRun"],
  });
export type PointsBatch = z.infer<typeof pointsBatchBody>;

export const pointsBatchAnswer = z.object({
  results: z.array(
    z.object({
      op: z.enum(["get", "delete"]),
      index: count.describe("Position in `get` or `delete`"),
      id: z.string(),
      status: z.number().int(),
      point: pointSchema.optional(),
      problem: problemSchema.optional(),
    }),
  ),
  removed: count.optional().describe("By `filter` or `all`"),
  count: count.optional().describe("Of a dry run"),
  bytes: count.optional().describe("Of a dry run: the vectors as they are stored"),
});
export type PointsBatchAnswer = z.infer<typeof pointsBatchAnswer>;

const searchFields = {
  vector: queryVector.optional(),
  text: z.string().min(1).max(MAX_TEXT).optional().describe("Embedded with the model; dimensions must fit"),
  id: idSchema.optional().describe("The vector of this point, which is not a match itself"),
  includeSelf: z.boolean().optional().describe("With `id`: the point may be a match"),
  k: z.number().int().min(1).max(MAX_K).optional().describe("Number of matches; 10 by default"),
  filter: filterSchema.optional(),
  exact: z.boolean().optional().describe("Score every vector exactly, from its stored row"),
  recallTarget: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe("Share of the exact answer to be found; 0.99 by default, 1 scans all codes"),
  includeVectors: z.boolean().optional(),
  minScore: z.number().optional(),
};

interface Sources {
  vector?: unknown;
  text?: unknown;
  id?: unknown;
}
const sources = ({ vector, text, id }: Sources): number =>
  [vector, text, id].filter((source) => source !== undefined).length;
const ONE_SOURCE = { message: "name one of vector, text and id" };

export const oneSearchSchema = z.strictObject(searchFields).refine((search) => sources(search) === 1, ONE_SOURCE);
export type OneSearch = z.infer<typeof oneSearchSchema>;

export const searchBody = z
  .strictObject({ ...searchFields, searches: z.array(oneSearchSchema).min(1).max(MAX_SEARCHES).optional() })
  .refine((search) => search.searches !== undefined || sources(search) === 1, ONE_SOURCE)
  .refine((search) => search.searches === undefined || Object.keys(search).length === 1, {
    message: "searches cannot be combined with other fields",
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
  recall: z.object({
    target: z.number().describe("What was asked for"),
    measured: z
      .number()
      .nullable()
      .describe("What `recall` measured last of such searches; null before that, and for an exact search"),
  }),
  scannedRatio: z.number().min(0).max(1).describe("Share of the vectors that were looked at"),
  tookMs: z.number(),
});
export type SearchAnswer = z.infer<typeof searchAnswer>;

export const searchesAnswer = z.object({
  results: z.array(
    searchAnswer.partial().extend({ index: count, status: z.number().int(), problem: problemSchema.optional() }),
  ),
});
export type SearchesAnswer = z.infer<typeof searchesAnswer>;

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
