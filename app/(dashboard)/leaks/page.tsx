import { dehydrate, HydrationBoundary, QueryClient } from "@tanstack/react-query";
import type { Metadata } from "next";
import { leaksQuery, profilesQuery, verdictsQuery } from "../../../lib/client/queries/leaks.ts";
import { leaksViewSchema, profileListSchema, verdictListSchema } from "../../../lib/contracts/leaks.ts";
import { ask } from "../../_server/ask.ts";
import { LeaksPage } from "./_components/leaks-page.tsx";

export const metadata: Metadata = { title: "Leaks" };

/**
 * The panels of this page are as tall as what they say (a suspect with five culprits, or none), so no height could be reserved for
 * them: the page comes with its figures, and nothing moves.
 */
export default async function Page({ searchParams }: { searchParams: Promise<{ service?: string | string[] }> }) {
  const { service } = await searchParams;
  const agent = typeof service === "string" ? service : null;
  const [view, verdicts, profiles] = await Promise.all([
    ask(leaksViewSchema, `/monitoring/memory/leaks${agent === null ? "" : `?agent=${encodeURIComponent(agent)}`}`),
    ask(verdictListSchema, "/monitoring/memory/leaks/history?limit=20"),
    ask(profileListSchema, "/monitoring/memory/profiles"),
  ]);
  const client = new QueryClient();
  if (view.ok) client.setQueryData(leaksQuery(agent).queryKey, view.data);
  if (verdicts.ok) client.setQueryData(verdictsQuery.queryKey, verdicts.data);
  if (profiles.ok) client.setQueryData(profilesQuery.queryKey, profiles.data);
  return (
    <HydrationBoundary state={dehydrate(client)}>
      <LeaksPage />
    </HydrationBoundary>
  );
}
