import { z } from "zod";
import { namespaceSchema } from "./common.ts";

/** A viewer reads monitoring data, a consumer uses the stores, an operator may do everything. */
export const roleSchema = z.enum(["viewer", "consumer", "operator"]);
export type Role = z.infer<typeof roleSchema>;
/** Roles that are allowed an action, in addition to operator, which is allowed every action. */
export type Roles = Role | readonly Role[];

export function mayDo(role: Role, roles: Roles): boolean {
  return role === "operator" || (typeof roles === "string" ? role === roles : roles.includes(role));
}

export const DEFAULT_NAMESPACE = "default";

export const signInSchema = z.strictObject({ key: z.string().min(1).max(512) });

export const identitySchema = z.object({
  keyId: z.string(),
  name: z.string(),
  role: roleSchema,
  namespace: z.string(),
  expiresAt: z.iso.datetime().nullable().describe("When the key or the cookie expires"),
});
export type IdentityView = z.infer<typeof identitySchema>;

const keyName = z.string().trim().min(1).max(100);
const ratePerMinute = z
  .int()
  .min(1)
  .max(1_000_000)
  .nullable()
  .describe("Requests that the key may make in a minute; null is without a bound");

export const newKeySchema = z.strictObject({
  name: keyName,
  role: roleSchema,
  namespace: namespaceSchema.default(DEFAULT_NAMESPACE),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
  ratePerMinute: ratePerMinute.optional(),
});

export const keyPatchSchema = z.strictObject({
  name: keyName.optional(),
  expiresAt: z.iso.datetime({ offset: true }).nullable().optional(),
  ratePerMinute: ratePerMinute.optional(),
});

const keyFields = {
  id: z.string(),
  name: z.string(),
  role: roleSchema,
  namespace: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  ratePerMinute,
};
export const keyViewSchema = z.object(keyFields);
export type KeyView = z.infer<typeof keyViewSchema>;
export const createdKeySchema = z.object({
  ...keyFields,
  key: z.string().describe("The secret; shown only in this response, as only its hash is stored"),
});
/** As the API answers: the repeat of an Idempotency-Key is without the secret. */
export const createdKeyAnswerSchema = createdKeySchema.partial({ key: true });
