import type { MessagePart } from "../shared/message-parts.ts";

export type MessageRole = "user" | "assistant" | "system" | "tool";

export interface HistoryMessage {
  id: string;
  /** Its place in the conversation, from 1. */
  sequence: number;
  role: MessageRole;
  /** Its text, or that of its parts. */
  content: string;
  /** Content in parts, which go out as they came; null: it is text. */
  parts?: readonly MessagePart[] | null;
  metadata: Readonly<Record<string, unknown>> | null;
}

export interface RetrievedPassage {
  chunkId: string;
  documentId: string;
  source: string;
  page: number | null;
  /** Offsets into the document's text, in UTF-16 code units. */
  start: number;
  end: number;
  text: string;
  score: number;
}

export interface ContextRequest {
  question: string;
  /** Oldest first: every system message, and the newest of the others. */
  messages: readonly HistoryMessage[];
  /** Number of older messages that were not passed in. */
  omittedMessages: number;
  /** Why they were left out: their characters cannot fit the budget, or the maximum number of messages is reached. */
  omittedReason: "budget" | "limit";
  /** Best first. */
  passages: readonly RetrievedPassage[];
  maxTokens: number;
}

export interface PromptMessage {
  role: MessageRole;
  content: string;
}

export interface ContextMessage {
  role: MessageRole;
  content: string | readonly MessagePart[];
  metadata?: Readonly<Record<string, unknown>>;
}

export interface Citation {
  /** The number of the passage in the prompt, as in `[1]`. */
  marker: number;
  documentId: string;
  source: string;
  page: number | null;
  /** Offsets into the document's text, in UTF-16 code units. */
  start: number;
  end: number;
  chunkIds: string[];
  score: number;
}

export interface DroppedPassage {
  chunkId: string;
  reason: "duplicate" | "budget";
}

export type Dropped =
  | { kind: "message"; id: string; role: MessageRole; reason: "summarised" | "budget" | "orphan" }
  | { kind: "older-messages"; count: number; reason: "budget" | "limit" }
  | ({ kind: "passage" } & DroppedPassage);

export interface BuiltContext {
  messages: ContextMessage[];
  citations: Citation[];
  tokens: { total: number; history: number; retrieved: number; saved: number };
  dropped: Dropped[];
}

export interface Tokenizer {
  /** `o200k_base`, `cl100k_base`. */
  encoding: string;
  /** Whether this is the published encoding of the model. */
  exact: boolean;
  /** Share of the budget left free because the model counts differently; 0 where counts are exact. */
  marginRatio: number;
}

/** Builds prompts that fit a budget, counted in the model's own tokens. */
export interface ContextBuilder {
  /**
   * @throws {AppError} `unprocessable` for a budget too small, `overloaded` when too many wait or it takes too long.
   */
  build(request: ContextRequest, model: string | null): Promise<BuiltContext & { tokenizer: Tokenizer }>;
  close(): Promise<void>;
}
