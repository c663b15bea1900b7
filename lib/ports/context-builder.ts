export type MessageRole = "user" | "assistant" | "system" | "tool";

export interface HistoryMessage {
  id: string;
  /** Its place in the conversation, from 1. */
  sequence: number;
  role: MessageRole;
  content: string;
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
  /** How many older ones the conversation has that were not handed in. */
  omittedMessages: number;
  /** Why they were not: at least so many characters cannot fit the budget, or no more messages are taken at once. */
  omittedReason: "budget" | "limit";
  /** Best first. */
  passages: readonly RetrievedPassage[];
  maxTokens: number;
}

export interface PromptMessage {
  role: MessageRole;
  content: string;
}

export interface ContextMessage extends PromptMessage {
  metadata?: Readonly<Record<string, unknown>>;
}

export interface Citation {
  /** The number that the passage has in the prompt: `[1]`. */
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
  /** Whether the model publishes this encoding as its own. */
  exact: boolean;
  /** What of the budget is left free because the model counts otherwise: 0 where exact. */
  marginRatio: number;
}

/** Builds prompts that fit, with the model's own tokens counted. */
export interface ContextBuilder {
  /** @throws {AppError} `unprocessable` for a budget too small, `overloaded` when too many wait or it takes too long. */
  build(request: ContextRequest, model: string | null): Promise<BuiltContext & { tokenizer: Tokenizer }>;
  close(): Promise<void>;
}
