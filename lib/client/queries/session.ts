import { queryOptions } from "@tanstack/react-query";
import { z } from "zod";
import { call, callForNothing } from "../http.ts";

export const roleSchema = z.enum(["viewer", "consumer", "operator"]);
export type Role = z.infer<typeof roleSchema>;

export const meSchema = z.object({
  id: z.string(),
  name: z.string(),
  role: roleSchema,
  namespace: z.string(),
  expiresAt: z.string().nullable(),
});
export type Me = z.infer<typeof meSchema>;

/** Who the cookie belongs to. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => call(meSchema, "/api/v1/auth/me", { signal }),
  staleTime: 60_000,
});

export function signIn(key: string): Promise<void> {
  return callForNothing("/api/v1/auth/sign-in", { method: "POST", body: { key } });
}

export function signOut(): Promise<void> {
  return callForNothing("/api/v1/auth/sign-out", { method: "POST", body: {} });
}
