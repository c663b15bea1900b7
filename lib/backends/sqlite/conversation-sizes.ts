import type { ConversationChange, ConversationFields, ConversationRow } from "../../ports/conversation-rows.ts";
import type { Amount } from "../../ports/namespace-quotas.ts";
import { type Dialect, storedBytes } from "../dialect.ts";
import { jsonOf, messageBytes } from "./message-rows.ts";

// As the quotas' triggers count: values as they are kept.

export const sizeOfFields = (dialect: Dialect, { title, owner, metadata }: ConversationFields): number =>
  [title, owner, jsonOf(metadata)].reduce((sum, text) => sum + storedBytes(dialect, text ?? ""), 0);

/** What a change puts there. Its conversation is no item, but has a name. */
export function sizeOfChange(
  dialect: Dialect,
  id: string,
  known: ConversationRow | null,
  change: ConversationChange,
): Amount {
  const { added, edited, fields } = change;
  const messages = [...added, ...(edited === null ? [] : [edited])].reduce(
    (sum, body) => sum + messageBytes(dialect, body),
    0,
  );
  return {
    bytes:
      messages +
      (fields === null ? 0 : sizeOfFields(dialect, fields)) +
      (known === null ? storedBytes(dialect, id) : 0),
    items: added.length,
  };
}
