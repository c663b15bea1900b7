import { z } from "zod";
import { idSchema, overItsLimit } from "./common.ts";
import { messageSchema, messageSearchSchema } from "./conversations.ts";
import { matchSchema, putDocumentSchema, ragQuerySchema } from "./rag.ts";

const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

/** One JSON-RPC request or notification: a batch would be many calls that were admitted as one. */
export const agentMessageSchema = z.looseObject(
  {
    jsonrpc: z.literal("2.0"),
    method: z.string().min(1).max(128),
    id: z.union([z.string().max(256), z.number().int()]).optional(),
    params: z
      .unknown()
      .optional()
      .refine((params) => params === undefined || isObject(params), "must be an object"),
  },
  "must be one JSON-RPC message; batches are not supported",
);

const MAX_MESSAGE_CHARACTERS = 1_048_576;
const { text, source, language, metadata } = putDocumentSchema.shape;

/** A text to keep: a document, or a message when it names a conversation. */
export const rememberSchema = z
  .strictObject({
    text,
    id: idSchema
      .optional()
      .describe(
        "Id of the document, whose text it replaces, or of the message, which is kept once. A document's id is made from its text if omitted",
      ),
    source,
    language,
    metadata,
    conversationId: idSchema.optional().describe("Keep the text as the newest message of this conversation instead"),
    role: messageSchema.shape.role.optional().describe("Author of the message; `user` if omitted"),
  })
  .superRefine((given, context) => {
    const inConversation = given.conversationId !== undefined;
    const others = inConversation ? (["source", "language"] as const) : (["role"] as const);
    const rule = inConversation ? "is for documents: leave out conversationId" : "needs conversationId";
    for (const name of others)
      if (given[name] !== undefined) context.addIssue({ code: "custom", path: [name], message: rule });
    if (inConversation && given.text.length > MAX_MESSAGE_CHARACTERS) {
      const limit = overItsLimit(`must have at most ${MAX_MESSAGE_CHARACTERS} characters in a conversation`);
      context.addIssue({ code: "custom", path: ["text"], ...limit });
    }
  });

const count = z.number().int().min(0);

export const rememberedSchema = z.object({
  kind: z.enum(["document", "message"]),
  id: z.string(),
  conversationId: z.string().nullable(),
  chunks: count.nullable().describe("Parts of the document that can be found, each by itself"),
  sequence: count.nullable().describe("Place of the message in its conversation, from 1"),
});

export const recallSchema = z
  .strictObject({
    query: ragQuerySchema.shape.query,
    k: z.number().int().min(1).max(100).default(10).describe("Maximum number of passages, and of messages, to return"),
    from: z.enum(["all", "documents", "messages"]).default("all"),
    conversationId: idSchema.optional().describe("Search the messages of this conversation alone"),
    filter: ragQuerySchema.shape.filter,
    mode: messageSearchSchema.shape.mode,
  })
  .superRefine((given, context) => {
    if (given.from === "messages" && given.filter !== undefined)
      context.addIssue({ code: "custom", path: ["filter"], message: "is for documents, which `from` leaves out" });
    if (given.from === "documents" && given.conversationId !== undefined)
      context.addIssue({
        code: "custom",
        path: ["conversationId"],
        message: "is for messages, which `from` leaves out",
      });
  });

const cut = { truncated: z.boolean().describe("True for a text that was cut") };
export const recalledSchema = z.object({
  passages: z.array(
    matchSchema
      .pick({
        documentId: true,
        chunkId: true,
        source: true,
        page: true,
        text: true,
        start: true,
        end: true,
        score: true,
      })
      .extend(cut),
  ),
  messages: z.array(
    messageSchema
      .pick({ conversationId: true, id: true, role: true, createdAt: true })
      .extend({ text: z.string(), score: z.number(), ...cut }),
  ),
  pending: count.describe("Messages without a vector yet; until then they are found by keyword only"),
});
export type Recalled = z.infer<typeof recalledSchema>;
