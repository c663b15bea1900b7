import { z } from "zod";
import { booleanParameter, idSchema, integerParameter, listQuery, overItsLimit, page } from "./common.ts";
import { itemText, label, metadataSchema, question } from "./texts.ts";

const count = z.number().int().min(0);

export const roleSchema = z.enum(["user", "assistant", "system", "tool"]);

const MAX_CONTENT = 1_048_576;
const MAX_PARTS = 1_000;
const MAX_TYPE_LENGTH = 128;

/** A part is kept as sent: only its type, and the text of a `text` part, are looked at. */
const partSchema = z
  .custom<{ type: string }>()
  .superRefine((part, context) => {
    const wrong = faultOfPart(part);
    if (wrong !== null) context.addIssue({ code: "custom", ...wrong });
  })
  .meta({
    type: "object",
    required: ["type"],
    properties: { type: { type: "string", minLength: 1, maxLength: MAX_TYPE_LENGTH }, text: { type: "string" } },
    additionalProperties: {},
    description: "`text`, `image`, `tool-call`, `tool-result`, or any other type",
  });

function faultOfPart(part: unknown): { path: string[]; message: string } | null {
  if (typeof part !== "object" || part === null || Array.isArray(part))
    return { path: [], message: "must be an object with a type" };
  const { type, text } = part as { type?: unknown; text?: unknown };
  if (typeof type !== "string" || type === "" || type.length > MAX_TYPE_LENGTH)
    return { path: ["type"], message: `must be a text of 1–${MAX_TYPE_LENGTH} characters` };
  if (type !== "text") return null;
  return typeof text === "string" && text.isWellFormed()
    ? null
    : { path: ["text"], message: "must be text of well-formed Unicode" };
}

export const contentSchema = z.union(
  [
    itemText(MAX_CONTENT),
    z
      .array(partSchema)
      .max(MAX_PARTS)
      .refine(
        (parts) => JSON.stringify(parts).length <= MAX_CONTENT,
        overItsLimit(`must have at most ${MAX_CONTENT} characters of JSON`),
      ),
  ],
  { error: "must be text, or a list of parts" },
);
export type Content = z.infer<typeof contentSchema>;

const messageFields = { role: roleSchema, content: contentSchema, metadata: metadataSchema.optional() };
const ownId = idSchema
  .optional()
  .describe("The caller's own id, unique in the conversation; the same message sent again is the same message");

export const newMessageSchema = z.strictObject({ id: ownId, ...messageFields });
export const newMessagesSchema = z.strictObject({
  messages: z.array(newMessageSchema).min(1).max(100).describe("All are appended, in this order, or none"),
});
export const appendSchema = z.union([newMessageSchema, newMessagesSchema]);

export const messageSchema = z.object({
  id: z.string(),
  conversationId: z.string(),
  sequence: count.describe("Its place in the conversation, from 1; a place is never given out twice"),
  role: roleSchema,
  content: contentSchema,
  metadata: z.record(z.string(), z.json()).nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime().describe("When it was last edited, or made"),
  version: count.describe("The conversation's version that last changed it"),
});
export type MessageView = z.infer<typeof messageSchema>;
export const appendedSchema = z.union([messageSchema, z.object({ messages: z.array(messageSchema) })]);
export const messagePageSchema = page(messageSchema);
export const messagesQuery = listQuery
  .extend({
    // No default here: `last` takes the place of a limit that somebody named.
    limit: integerParameter(1, 500).optional().describe("Number of items, 50 by default; a page may hold fewer"),
    role: roleSchema.optional(),
    order: z.enum(["asc", "desc"]).optional().describe("desc: newest first"),
    before: idSchema.optional().describe("Only messages before the one with this id"),
    after: idSchema.optional().describe("Only messages after the one with this id"),
    last: integerParameter(1, 500)
      .optional()
      .describe("Number of newest messages to return, oldest first unless `order` is desc"),
  })
  .refine(({ last, limit, cursor }) => last === undefined || (limit === undefined && cursor === undefined), {
    path: ["last"],
    message: "takes neither limit nor cursor",
  });
export const editMessageSchema = z.strictObject(messageFields);

const title = label(1_024);
export const conversationFieldsSchema = z.strictObject({
  title: title.nullable().optional(),
  owner: idSchema
    .nullable()
    .optional()
    .describe("Whose conversation it is, for lists and bulk deletion: any id of yours"),
  metadata: metadataSchema.nullable().optional(),
});
export const conversationPatchSchema = conversationFieldsSchema.describe(
  "What it names is replaced, and removed by null; metadata is merged (RFC 7396)",
);
export const conversationSchema = z.object({
  id: z.string(),
  title: z.string().nullable(),
  owner: z.string().nullable(),
  metadata: z.record(z.string(), z.json()).nullable(),
  messages: count,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime().describe("When it, or a message of it, last changed"),
  lastMessageAt: z.iso.datetime().describe("The newest message's time; its own while it has none"),
  version: count.describe("Counts changes, of the messages too"),
});
export const conversationPageSchema = page(conversationSchema);
const selectors = {
  owner: idSchema.optional(),
  prefix: idSchema.optional().describe("Only conversations whose ids begin with this"),
};
export const conversationsQuery = listQuery.extend({
  ...selectors,
  sort: z.enum(["lastMessageAt", "createdAt", "updatedAt", "messages"]).optional(),
  order: z.enum(["asc", "desc"]).optional(),
});
export const removeConversationsQuery = z
  .strictObject({ ...selectors, all: z.enum(["1", "true"]).optional(), dryRun: booleanParameter.optional() })
  .refine(({ owner, prefix, all }) => (owner ?? prefix ?? all) !== undefined, {
    path: ["all"],
    message: "must be true where neither owner nor prefix selects any",
  })
  .refine(({ owner, prefix, all }) => all === undefined || (owner ?? prefix) === undefined, {
    path: ["all"],
    message: "takes neither owner nor prefix",
  });
export const removedSchema = z.union([
  z.object({ removed: count }),
  z.object({ count, bytes: count.describe("Of their content, on disk") }),
]);

export const truncateSchema = z.strictObject({
  after: idSchema.nullable().describe("The last message that stays; null: none stays"),
  messages: z.array(newMessageSchema).min(1).max(100).optional().describe("Appended in the same step"),
});
export const truncatedSchema = z.object({
  removed: count,
  messages: z.array(messageSchema),
  conversation: conversationSchema,
});

export const messageSearchSchema = z.strictObject({
  query: question,
  k: z.number().int().min(1).max(100).default(10),
  conversationId: idSchema.optional(),
  mode: z.enum(["vector", "keyword", "hybrid"]).default("hybrid"),
});
export const messageSearchAnswerSchema = z.object({
  matches: z.array(messageSchema.extend({ score: z.number().describe("Cosine, BM25, or 0–1 for hybrid") })),
  isCut: z.boolean().describe("True if the answer ended at 8 MiB, before the number of messages asked for"),
  pending: count.describe(
    "Messages without a vector yet, counted up to 10,000; until then they are found by keyword only",
  ),
  tookMs: z.number(),
});
