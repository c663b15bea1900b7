import { queryOptions } from "@tanstack/react-query";
import { z } from "zod";
import {
  leaksViewSchema,
  type ProfileView,
  profileListSchema,
  profileSchema,
  verdictListSchema,
} from "../../contracts/leaks.ts";
import { call, send } from "../http.ts";

export const leakKeys = { all: ["leaks"] as const, profiles: ["profiles"] as const };

/** The verdict with its evidence: this server's, or a watched service's. Asked again as samples come in. */
export const leaksQuery = (agent: string | null) =>
  queryOptions({
    queryKey: [...leakKeys.all, "view", agent],
    queryFn: ({ signal }) => call(leaksViewSchema, "/monitoring/memory/leaks", { query: { agent }, signal }),
    refetchInterval: 10_000,
  });

export const verdictsQuery = queryOptions({
  queryKey: [...leakKeys.all, "history"],
  queryFn: ({ signal }) =>
    call(verdictListSchema, "/monitoring/memory/leaks/history", { query: { limit: 20 }, signal }),
  refetchInterval: 30_000,
});

export const profilesQuery = queryOptions({
  queryKey: leakKeys.profiles,
  queryFn: ({ signal }) => call(profileListSchema, "/monitoring/memory/profiles", { signal }),
  refetchInterval: ({ state }) => (state.data?.items.some((p) => p.state === "running") ? 500 : 15_000),
  retry: false,
});

export function takeProfile(request: { kind: ProfileView["kind"]; seconds?: number }) {
  return call(profileSchema, "/monitoring/memory/profiles", { method: "POST", body: request });
}

export const profileUrl = (id: string) => `/monitoring/memory/profiles/${encodeURIComponent(id)}/download`;

/** A heap snapshot holds secrets: the server wants the key itself for it, not the cookie. */
export async function downloadSnapshot(id: string, key: string): Promise<Blob> {
  const response = await send(profileUrl(id), { headers: { authorization: `Bearer ${key}` } });
  return response.blob();
}

export interface FlameNode {
  callFrame: { functionName: string; url: string; lineNumber: number };
  selfSize: number;
  children: FlameNode[];
}

const flameNodeSchema: z.ZodType<FlameNode> = z.lazy(() =>
  z.object({
    callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
    selfSize: z.number(),
    children: z.array(flameNodeSchema),
  }),
);

/** The call tree of an allocation profile, for the flame graph. */
export const flameQuery = (id: string) =>
  queryOptions({
    queryKey: [...leakKeys.profiles, "tree", id],
    queryFn: async ({ signal }) => (await call(z.object({ head: flameNodeSchema }), profileUrl(id), { signal })).head,
    staleTime: Number.POSITIVE_INFINITY,
  });
