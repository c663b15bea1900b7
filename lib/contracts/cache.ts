import { z } from "zod";
import { idSchema, integerParameter, listQuery, page } from "./common.ts";
import { problemSchema } from "./problem.ts";

export const MOST_TAGS = 16;
/** Longest wait of a `GET` for another caller's fill. */
export const LONGEST_WAIT_MS = 30_000;
export const BATCH_ITEMS = 100;
/** A century: longer than any process lives. */
const LONGEST_AGE_SECONDS = 3_155_760_000;

/** Printable ASCII without a comma, so that a list of tags fits a header. */
export const tagSchema = z
  .string()
  .max(128)
  .regex(/^[!-+\--~](?:[ -+\--~]*[!-+\--~])?$/, "must be printable ASCII without commas");
export const tagsSchema = z.array(tagSchema).max(MOST_TAGS);
export const mediaTypeSchema = z
  .string()
  .max(256)
  .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+[\t -~]*$/, "must be a media type");

/** Generated clients send the wildcard type; it says no more than a missing type. */
const ANY_TYPE = /^\*\/\*[ \t]*(?:;|$)/;

/** The media type under which a body is stored. */
export const storedMediaType = (given: string | null | undefined): string =>
  !given || ANY_TYPE.test(given) ? "application/octet-stream" : given;
export const maxAgeSchema = z.number().int().min(0).max(LONGEST_AGE_SECONDS);

export const cacheParams = z.object({ key: idSchema });
export const cacheGetQuery = z.strictObject({ wait: integerParameter(0, LONGEST_WAIT_MS).optional() });
export const cacheListQuery = z.strictObject({
  ...listQuery.shape,
  prefix: idSchema.optional(),
  tag: tagSchema.optional(),
});

export const cacheEntrySchema = z.object({
  key: z.string(),
  mediaType: z.string(),
  bytes: z.number().int().describe("Size of the body as it was sent"),
  storedBytes: z.number().int().describe("Size of the body as it is stored"),
  encoding: z.enum(["identity", "gzip", "br"]),
  etag: z.string(),
  ageSeconds: z.number(),
  ttlSeconds: z.number().describe("Remaining time to live"),
  hits: z.number().int(),
  tags: z.array(z.string()),
});
export type CacheEntryView = z.infer<typeof cacheEntrySchema>;
export const cacheListSchema = page(cacheEntrySchema);

export const purgeSchema = z
  .strictObject({ tag: tagSchema.optional(), prefix: idSchema.optional(), all: z.literal(true).optional() })
  .refine((purge) => purge.all === undefined || (purge.tag === undefined && purge.prefix === undefined), {
    message: "all cannot be combined with tag or prefix",
  })
  .refine((purge) => purge.all !== undefined || purge.tag !== undefined || purge.prefix !== undefined, {
    message: "name a tag, a prefix, or all: true",
  });
export type Purge = z.infer<typeof purgeSchema>;
export const purgedSchema = z.object({ removed: z.number().int() });

/** A response to store: an item of a batch, or a record of a stream. */
export const cacheSetSchema = z.strictObject({
  key: idSchema,
  body: z.base64(),
  mediaType: z.preprocess(storedMediaType, mediaTypeSchema).optional(),
  maxAgeSeconds: maxAgeSchema.optional(),
  tags: tagsSchema.optional(),
});

export const cacheBatchSchema = z
  .strictObject({
    get: z.array(idSchema).max(BATCH_ITEMS).optional(),
    set: z.array(cacheSetSchema).max(BATCH_ITEMS).optional(),
  })
  .refine((batch) => count(batch) >= 1, { message: "name at least one key to get or set" })
  .refine((batch) => count(batch) <= BATCH_ITEMS, { message: `at most ${BATCH_ITEMS} items in all` });

function count(batch: { get?: unknown[] | undefined; set?: unknown[] | undefined }): number {
  return (batch.get?.length ?? 0) + (batch.set?.length ?? 0);
}

export const cacheBatchResultSchema = z.object({
  results: z.array(
    z.object({
      op: z.enum(["get", "set"]),
      index: z.number().int().describe("Position in `get` or `set`"),
      id: z.string(),
      status: z.number().int(),
      body: z.string().describe("base64").optional(),
      mediaType: z.string().optional(),
      etag: z.string().optional(),
      ageSeconds: z.number().optional(),
      problem: problemSchema.optional(),
    }),
  ),
});
export type CacheBatchResult = z.infer<typeof cacheBatchResultSchema>["results"][number];
