import type { z } from "zod";
import type { conversationFieldsSchema } from "../contracts/conversations.ts";
import { metadataSchema } from "../contracts/texts.ts";
import type { ConversationFields } from "../ports/conversation-rows.ts";
import { AppError } from "../shared/errors.ts";
import type { Json } from "../shared/json-value.ts";
import { mergePatch } from "../stores/sessions/merge-patch.ts";

type Sent = z.infer<typeof conversationFieldsSchema>;

/** What is not sent is not there. */
export const toFields = ({ title, owner, metadata }: Sent): ConversationFields => ({
  title: title ?? null,
  owner: owner ?? null,
  metadata: metadata ?? null,
});

/** What is not sent stays; metadata is merged (RFC 7396). @throws {AppError} `item-too-large` for the metadata it makes. */
export function patchedFields(before: ConversationFields, { title, owner, metadata }: Sent): ConversationFields {
  return {
    title: title === undefined ? before.title : title,
    owner: owner === undefined ? before.owner : owner,
    metadata: metadata === undefined ? before.metadata : patched(before.metadata, metadata),
  };
}

function patched(
  before: ConversationFields["metadata"],
  patch: Record<string, unknown> | null,
): ConversationFields["metadata"] {
  if (patch === null) return null;
  const merged = mergePatch(before as Json, patch as Json) as Record<string, unknown>;
  if (metadataSchema.safeParse(merged).success) return merged;
  const message = "would be more than 64 KiB of JSON";
  throw new AppError("item-too-large", `/metadata ${message}.`, { errors: [{ path: "/metadata", message }] });
}
