import { z } from "zod";
import { overItsLimit } from "./common.ts";
import { wellFormed } from "./texts.ts";

const count = z.number().int().min(0);
const text = wellFormed(65_536).refine((value) => value !== "", "must not be empty");
/** All texts of one call together, so that one call cannot fill the model's queue. */
const MAX_CHARACTERS = 2_097_152;

/** As OpenAI's, but that texts alone are taken, no token numbers. */
export const embeddingsQuerySchema = z.strictObject({
  input: z
    .union([text, z.array(text).min(1).max(2_048)], { error: "must be text, or a list of 1–2,048 texts" })
    .refine(
      (input) => typeof input === "string" || input.reduce((sum, { length }) => sum + length, 0) <= MAX_CHARACTERS,
      overItsLimit(`must have at most ${MAX_CHARACTERS} characters together`),
    ),
  model: z.string().min(1).max(256).optional().describe("Any name; the answer names the model that embedded"),
  encoding_format: z.enum(["float", "base64"]).optional().describe("base64: 32-bit floats, little-endian"),
  dimensions: z.number().int().min(1).max(65_536).optional().describe("The model's own, or the call is refused"),
  user: z.string().max(256).optional().describe("Ignored"),
});

export const embeddingsSchema = z.object({
  object: z.literal("list"),
  data: z.array(
    z.object({
      object: z.literal("embedding"),
      index: count,
      embedding: z.union([z.array(z.number()), z.string()]),
    }),
  ),
  model: z.string(),
  usage: z.object({
    prompt_tokens: count.describe("Estimated: a token for four characters"),
    total_tokens: count,
  }),
});
