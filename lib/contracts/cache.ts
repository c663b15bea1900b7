import { z } from "zod";
import { booleanParameter, cacheKeySchema, integerParameter, listQuery, orderSchema, page } from "./common.ts";
import { problemSchema } from "./problem.ts";

const MOST_TAGS = 128;
const LONGEST_TAG = 256;
export const LONGEST_META = 2048;
/** Longest wait of a `GET` for another caller's fill. */
export const LONGEST_WAIT_MS = 30_000;
/** Longest time that a caller may ask for to compute a value. */
export const LONGEST_LEASE_SECONDS = 300;
export const BATCH_ITEMS = 100;
/** A century: longer than any process lives. */
const LONGEST_AGE_SECONDS = 3_155_760_000;

/** Printable ASCII without a comma, so that a list of tags fits a header. */
export const tagSchema = z
  .string()
  .max(LONGEST_TAG)
  .regex(/^[!-+\--~](?:[ -+\--~]*[!-+\--~])?$/, "must be printable ASCII without commas");
export const tagsSchema = z.array(tagSchema).max(MOST_TAGS);
/** The caller's own note on a body, such as the time of its tags; it fits a header as it is. */
export const metaSchema = z
  .string()
  .max(LONGEST_META)
  .regex(/^(?:[!-~](?:[ -~]*[!-~])?)?$/, "must be printable ASCII without spaces at its ends");
export const mediaTypeSchema = z
  .string()
  .max(256)
  .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+[\t -~]*$/, "must be a media type");

/** Generated clients send the wildcard type; it says no more than a missing type. */
const ANY_TYPE = /^\*\/\*[ \t]*(?:;|$)/;

/** The media type under which a body is stored. */
export const storedMediaType = (given: string | null | undefined): string =>
  !given || ANY_TYPE.test(given) ? "application/octet-stream" : given;
export const maxAgeSchema = z.number().int("must be whole seconds").min(0).max(LONGEST_AGE_SECONDS);

export const cacheParams = z.object({ key: cacheKeySchema });
export const cacheGetQuery = z
  .strictObject({
    wait: integerParameter(0, LONGEST_WAIT_MS).optional(),
    lease: booleanParameter
      .optional()
      .describe("0: only look; a miss grants no fill lease, so nobody waits for this caller"),
    leaseSeconds: integerParameter(1, LONGEST_LEASE_SECONDS).optional(),
  })
  .refine(({ lease, wait }) => lease !== false || wait === undefined, {
    path: ["wait"],
    message: "waits for a fill lease, which lease=0 does not take",
  })
  .refine(({ lease, leaseSeconds }) => lease !== false || leaseSeconds === undefined, {
    path: ["leaseSeconds"],
    message: "is the time of a fill lease, which lease=0 does not take",
  });

export const CACHE_SORTS = ["bytes", "age", "hits", "lastUsed"] as const;
export const cacheListQuery = z.strictObject({
  ...listQuery.shape,
  // A sorted list's holds a key.
  cursor: z.string().min(1).max(2048).optional(),
  prefix: cacheKeySchema.optional(),
  tag: tagSchema.optional(),
  sort: z.enum(CACHE_SORTS).optional(),
  order: orderSchema.optional(),
});

export const cacheEntrySchema = z.object({
  key: z.string(),
  mediaType: z.string(),
  bytes: z.number().int().describe("Size of the body as it was sent"),
  storedBytes: z.number().int().describe("Size of the body as it is stored"),
  encoding: z.enum(["identity", "gzip", "br"]),
  etag: z.string(),
  ageSeconds: z.number(),
  ttlSeconds: z.number().describe("Seconds for which it is still fresh"),
  stale: z.boolean().describe("No longer fresh, and kept until it is filled again"),
  lastUsedSeconds: z.number().describe("Seconds since it was last read, or put"),
  hits: z.number().int(),
  tags: z.array(z.string()),
  meta: z.string().nullable().describe("The note that was sent as Cache-Meta"),
});
export type CacheEntryView = z.infer<typeof cacheEntrySchema>;
export const cacheListSchema = page(cacheEntrySchema);

const purgeFields = {
  tag: tagSchema.optional(),
  tags: tagsSchema.min(1).optional().describe("Any of these tags"),
  prefix: cacheKeySchema.optional(),
  all: z.literal(true).optional(),
  soft: z.boolean().optional().describe("Marks as stale instead of removing"),
  dryRun: z.boolean().optional().describe("Only counts"),
};

export const purgeSchema = z
  .strictObject(purgeFields)
  .refine(({ tag, tags }) => tag === undefined || tags === undefined, { message: "name tag or tags, not both" })
  .refine((purge) => purge.all === undefined || !isSelective(purge), {
    message: "all cannot be combined with tag, tags or prefix",
  })
  .refine((purge) => purge.all !== undefined || isSelective(purge), {
    message: "name a tag, tags, a prefix, or all: true",
  });
export type Purge = z.infer<typeof purgeSchema>;

function isSelective({ tag, tags, prefix }: { tag?: unknown; tags?: unknown; prefix?: unknown }): boolean {
  return tag !== undefined || tags !== undefined || prefix !== undefined;
}

export const purgedSchema = z.object({
  removed: z.number().int(),
  markedStale: z.number().int().describe("By a soft purge, which removes nothing"),
});
export const purgeAnswerSchema = z.union([
  purgedSchema,
  z.object({ count: z.number().int(), bytes: z.number().int() }).describe("Of a dry run"),
]);

/** A response to store: an item of a batch, or a record of a stream. */
export const cacheSetSchema = z.strictObject({
  key: cacheKeySchema,
  body: z.base64(),
  mediaType: z.preprocess(storedMediaType, mediaTypeSchema).optional(),
  maxAgeSeconds: maxAgeSchema.optional(),
  staleWhileRevalidateSeconds: maxAgeSchema.optional(),
  tags: tagsSchema.optional(),
  meta: metaSchema.optional(),
});
export type CacheSet = z.infer<typeof cacheSetSchema>;

export const cacheBatchSchema = z
  .strictObject({
    get: z.array(cacheKeySchema).max(BATCH_ITEMS).optional(),
    delete: z.array(cacheKeySchema).max(BATCH_ITEMS).optional(),
    set: z.array(cacheSetSchema).max(BATCH_ITEMS).optional(),
  })
  .refine((batch) => count(batch) >= 1, { message: "name at least one key to get, delete or set" })
  .refine((batch) => count(batch) <= BATCH_ITEMS, { message: `at most ${BATCH_ITEMS} items in all` });

interface Batch {
  get?: unknown[] | undefined;
  delete?: unknown[] | undefined;
  set?: unknown[] | undefined;
}

function count(batch: Batch): number {
  return (batch.get?.length ?? 0) + (batch.delete?.length ?? 0) + (batch.set?.length ?? 0);
}

export const cacheBatchResultSchema = z.object({
  results: z.array(
    z.object({
      op: z.enum(["get", "delete", "set"]),
      index: z.number().int().describe("Position in `get`, `delete` or `set`"),
      id: z.string(),
      status: z.number().int(),
      body: z.string().describe("base64").optional(),
      mediaType: z.string().optional(),
      etag: z.string().optional(),
      ageSeconds: z.number().optional(),
      stale: z.boolean().optional(),
      tags: z.array(z.string()).optional(),
      meta: z.string().nullable().optional(),
      problem: problemSchema.optional(),
    }),
  ),
});
export type CacheBatchResult = z.infer<typeof cacheBatchResultSchema>["results"][number];
