/** A part of a message's content, as it was sent. */
export interface MessagePart {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** What of parts is embedded and searched: the text of the `text` parts, a line each. */
export function textOfParts(parts: readonly MessagePart[]): string {
  return parts.flatMap(({ type, text }) => (type === "text" && typeof text === "string" ? [text] : [])).join("\n");
}
