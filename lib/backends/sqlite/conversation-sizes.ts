import type {
  ConversationChange,
  ConversationFields,
  ConversationRow,
  MessageBody,
} from "../../ports/conversation-rows.ts";
import type { Amount } from "../../ports/namespace-quotas.ts";
import { jsonOf } from "./message-rows.ts";

// As the quotas' triggers count: values as they are kept.

const sizeOf = (text: string | null): number => (text === null ? 0 : Buffer.byteLength(text));
const sizeOfMessage = ({ content, parts, metadata }: MessageBody): number =>
  sizeOf(content) + sizeOf(jsonOf(parts)) + sizeOf(jsonOf(metadata));

export const sizeOfFields = ({ title, owner, metadata }: ConversationFields): number =>
  sizeOf(title) + sizeOf(owner) + sizeOf(jsonOf(metadata));

/** What a change puts there. Its conversation is no item, but has a name. */
export function sizeOfChange(id: string, known: ConversationRow | null, change: ConversationChange): Amount {
  const { added, edited, fields } = change;
  const messages = [...added, ...(edited === null ? [] : [edited])].reduce((sum, body) => sum + sizeOfMessage(body), 0);
  return {
    bytes: messages + (fields === null ? 0 : sizeOfFields(fields)) + (known === null ? sizeOf(id) : 0),
    items: added.length,
  };
}
