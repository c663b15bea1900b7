import { z } from "zod";
import { booleanParameter, idSchema, listQuery, orderSchema, sessionTagSchema } from "./common.ts";
import { problemSchema } from "./problem.ts";

/** Any JSON; the session pool limits it to 1 MiB. */
const dataSchema = z.unknown().refine((data) => data !== undefined, "is required");

const idleTimeoutSeconds = z.number().int().min(1).max(315_360_000);

const terms = {
  idleTimeoutSeconds: idleTimeoutSeconds
    .optional()
    .describe(
      "Idle time in seconds after which the session expires; unchanged if omitted, the configured timeout for a new session",
    ),
  expiresAt: z.iso
    .datetime({ offset: true })
    .nullish()
    .describe(
      "A fixed end, in the future, which access does not extend; null removes it, and it is unchanged if omitted",
    ),
};

const MOST_TAGS = 16;
const tags = z
  .array(sessionTagSchema)
  .max(MOST_TAGS)
  .optional()
  .describe("Names to find and end sessions by, each kept once; if omitted, as they are, or none; []: none");

const content = { data: dataSchema.describe("Any JSON, at most 1 MiB"), ...terms, tags };

export const newSessionSchema = z.strictObject(content);

const pastInstant = z.iso.datetime().refine((time) => Date.parse(time) >= 0, "must not be before 1970");

/** In CSV a list is its JSON, and empty where there is none. What is no list stays, to be refused. */
function listOfCell(cell: unknown): unknown {
  if (cell === null || cell === "") return undefined;
  if (typeof cell !== "string") return cell;
  try {
    return JSON.parse(cell);
  } catch {
    return cell;
  }
}

/** A session as it appears in an export, without its id. */
export const exportedSessionSchema = z.strictObject({
  data: dataSchema,
  idleTimeoutSeconds,
  createdAt: pastInstant,
  lastUsedAt: pastInstant,
  expiresAt: pastInstant,
  // It goes on from here, in 32 bits.
  version: z.number().int().min(1).max(0x7fff_ffff),
  // In CSV it is text, and empty where there is none.
  ownId: z
    .union([z.boolean(), z.enum(["", "true", "false"])])
    .nullish()
    .transform((own) => own === true || own === "true"),
  endsAt: z.union([z.literal(""), pastInstant]).nullish(),
  tags: z.preprocess(listOfCell, tags),
});

/** What is not named stays: the timeout, the end, and the tags. */
export const replaceSessionSchema = z.strictObject(content);

export const putSessionQuery = z.strictObject({
  revive: booleanParameter
    .optional()
    .describe("With If-None-Match: *, create it also where a session of this id ended within the last 24 hours"),
});

export const touchSessionSchema = z.strictObject(terms);

/** RFC 7396, on `data`. */
export const sessionPatchSchema = z
  .unknown()
  .describe("A merge patch (RFC 7396) for the session's data; null removes a member");

/** The same beside what else may change, as `application/json`. */
export const sessionChangeSchema = z.strictObject({
  data: z.unknown().optional().describe("A merge patch (RFC 7396) for the session's data; null removes a member"),
  ...terms,
  tags,
});

export const sessionSchema = z.object({
  id: z.string().describe("256 random bits as base64url, or the caller's own id"),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().describe("When it ends if nobody uses it"),
  idleTimeoutSeconds: z.number(),
  endsAt: z.iso.datetime().nullable().describe("The fixed end, set as expiresAt; null if there is none"),
  version: z.number().int().describe("Grows by one with each change of the data; also the ETag"),
  bytes: z.number().int().describe("Length of the data as JSON in UTF-8"),
  tags: z.array(z.string()).max(MOST_TAGS),
});
export type Session = z.infer<typeof sessionSchema>;

const selector = {
  prefix: idSchema.optional().describe("Only sessions whose ids begin with this"),
  tag: sessionTagSchema.optional().describe("Only sessions that have this tag"),
};

export const sessionListQuery = z.strictObject({
  ...listQuery.shape,
  ...selector,
  sort: z.enum(["bytes", "lastUsedAt", "createdAt"]).optional().describe("createdAt by default"),
  order: orderSchema.optional().describe("desc by default"),
});
export const sessionTallyQuery = z.strictObject(selector);
export const sessionGetQuery = z.strictObject({
  peek: booleanParameter.optional().describe("1: read without counting as access, so that no timeout is extended"),
});
export const sessionsEndQuery = z
  .strictObject({
    ...selector,
    all: booleanParameter.optional().describe("1: every session of the namespace"),
    dryRun: booleanParameter.optional().describe("1: only count"),
  })
  .refine(({ prefix, tag, all }) => (prefix === undefined && tag === undefined) === (all === true), {
    message: "name a prefix or a tag, or all=true, but not both",
  });
export const sessionTallySchema = z.object({
  count: z.number().int(),
  bytes: z.number().int().describe("What the sessions' data come to as JSON in UTF-8"),
});
export const sessionsEndedSchema = z.union([z.object({ removed: z.number().int() }), sessionTallySchema]);

export const sessionWithDataSchema = sessionSchema.extend({ data: z.unknown() });

const BATCH_ITEMS = 100;
const batchIds = z.array(idSchema).max(BATCH_ITEMS).optional();
const itemsOf = (batch: { get?: unknown[] | undefined; delete?: unknown[] | undefined }): number =>
  (batch.get?.length ?? 0) + (batch.delete?.length ?? 0);

export const sessionBatchSchema = z
  .strictObject({
    get: batchIds,
    delete: batchIds,
    peek: z.boolean().optional().describe("true: the gets count as no access, so that no timeout is extended"),
  })
  .refine((batch) => itemsOf(batch) >= 1, { message: "name at least one session to get or delete" })
  .refine((batch) => itemsOf(batch) <= BATCH_ITEMS, { message: `at most ${BATCH_ITEMS} items in all` });
export type SessionBatch = z.infer<typeof sessionBatchSchema>;

export const sessionBatchResultSchema = z.object({
  results: z.array(
    z.object({
      op: z.enum(["get", "delete"]),
      index: z.number().int().describe("Position in `get` or `delete`"),
      id: z.string(),
      status: z.number().int().describe("200 or 204; 404: no session has this id"),
      session: sessionWithDataSchema.optional(),
      problem: problemSchema.optional(),
    }),
  ),
});
