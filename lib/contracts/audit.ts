import { z } from "zod";

export const auditEntrySchema = z.object({
  id: z.number().int(),
  at: z.iso.datetime(),
  actor: z.string(),
  namespace: z.string(),
  action: z.string().describe("For example settings.patch, keys.create or memory.optimize"),
  target: z.string(),
  outcome: z.enum(["done", "refused", "failed"]),
  requestId: z.string().nullable(),
  detail: z.string(),
});
export type AuditView = z.infer<typeof auditEntrySchema>;
