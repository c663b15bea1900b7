import { z } from "zod";
import { PROBLEMS, type ProblemCode } from "../shared/errors.ts";
import { amountSchema, quotaSchema } from "./namespaces.ts";

const CODES = Object.keys(PROBLEMS) as ProblemCode[];

/** RFC 9457. `code` is stable: a client may switch on it. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.enum(CODES),
  requestId: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  quota: quotaSchema.optional().describe("Of quota-exceeded: what the namespace may keep"),
  used: amountSchema.optional().describe("Of quota-exceeded: what the namespace keeps"),
});
export type Problem = z.infer<typeof problemSchema>;
