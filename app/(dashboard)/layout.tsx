import { dehydrate, HydrationBoundary, QueryClient } from "@tanstack/react-query";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { DOCS_PATH, signInPath } from "../../lib/client/own-path.ts";
import { memoryReportQuery } from "../../lib/client/queries/memory.ts";
import { meQuery } from "../../lib/client/queries/session.ts";
import { identitySchema, mayDo } from "../../lib/contracts/auth.ts";
import { memoryReportSchema } from "../../lib/contracts/memory.ts";
import { AppFrame } from "../_components/shell/app-frame.tsx";
import { PublicFrame } from "../_components/shell/public-frame.tsx";
import { ask } from "../_server/ask.ts";

/** Every page behind the sign-in, and the API's documentation before it: asks who is there, and brings the figures of now along with the page. */
export default async function DashboardLayout({ children }: { children: ReactNode }) {
  const [incoming, me, report] = await Promise.all([
    headers(),
    ask(identitySchema, "/api/v1/auth/me"),
    ask(memoryReportSchema, "/monitoring/memory"),
  ]);
  const target = incoming.get("x-headroom-target") ?? "/";
  const [path] = target.split("?", 1);
  if (!me.ok && me.status === 401) {
    if (path === DOCS_PATH) return <PublicFrame path={target}>{children}</PublicFrame>;
    redirect(signInPath(target));
  }
  // A consumer has no use of the figures: its own stores come first. Here, since a page that is not shown redirects nobody.
  if (me.ok && !mayDo(me.data.role, "viewer") && path === "/") redirect("/sessions");
  const client = new QueryClient();
  if (me.ok) client.setQueryData(meQuery.queryKey, me.data);
  if (report.ok) client.setQueryData(memoryReportQuery.queryKey, report.data);
  return (
    <HydrationBoundary state={dehydrate(client)}>
      <AppFrame>{children}</AppFrame>
    </HydrationBoundary>
  );
}
