import { z } from "zod";
import { optimizationRunSchema } from "./memory.ts";

/** Without a target only lossless steps, or, above 70 %, eviction back to 70 %. */
export const optimizeSchema = z.strictObject({
  dryRun: z.boolean().optional().describe("Only predict; change nothing"),
  targetRatio: z.number().min(0).max(1).optional().describe("Free memory until usage is at this share of the limit"),
  steps: z
    .array(z.string().min(1).max(100))
    .min(1)
    .max(100)
    .optional()
    .describe("Run only these steps: `<kind>:<store>`, `<kind>` for every store, or `collect`"),
});

export const stepListSchema = z.object({ items: z.array(optimizationRunSchema.shape.steps.element.shape.step) });
