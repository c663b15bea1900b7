import { queryOptions } from "@tanstack/react-query";
import { type IdentityView, identitySchema } from "../../contracts/auth.ts";
import { call, callForNothing } from "../http.ts";

/** Who the cookie belongs to. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => call(identitySchema, "/api/v1/auth/me", { signal }),
  staleTime: 60_000,
});

/** Whose key it is. @throws {ProblemError} 401 for one that is not known here. */
export function whoHas(key: string): Promise<IdentityView> {
  return call(identitySchema, "/api/v1/auth/me", { headers: { authorization: `Bearer ${key}` } });
}

export function signIn(key: string): Promise<void> {
  return callForNothing("/api/v1/auth/sign-in", { method: "POST", body: { key } });
}

export function signOut(): Promise<void> {
  return callForNothing("/api/v1/auth/sign-out", { method: "POST" });
}
