import type { FieldError, ProblemCode } from "../shared/errors.ts";
import type { BuiltContext, ContextRequest, Tokenizer } from "./context-builder.ts";

export interface ContextCommand {
  id: number;
  request: ContextRequest;
  model: string | null;
}

export type ContextReply =
  | { id: number; ok: true; value: BuiltContext & { tokenizer: Tokenizer } }
  | { id: number; ok: false; code: ProblemCode | null; message: string; errors: readonly FieldError[] };
