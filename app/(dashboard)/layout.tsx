import { dehydrate, HydrationBoundary, QueryClient } from "@tanstack/react-query";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { memoryReportQuery } from "../../lib/client/queries/memory.ts";
import { meQuery } from "../../lib/client/queries/session.ts";
import { identitySchema } from "../../lib/contracts/auth.ts";
import { memoryReportSchema } from "../../lib/contracts/memory.ts";
import { AppFrame } from "../_components/frame/app-frame.tsx";
import { ask } from "../_server/ask.ts";

/** Every page behind the sign-in: asks who is there, and brings the figures of now along with the page. */
export default async function DashboardLayout({ children }: { children: ReactNode }) {
  const [me, report] = await Promise.all([
    ask(identitySchema, "/api/v1/auth/me"),
    ask(memoryReportSchema, "/monitoring/memory"),
  ]);
  if (!me.ok && me.status === 401) redirect("/sign-in");
  const client = new QueryClient();
  if (me.ok) client.setQueryData(meQuery.queryKey, me.data);
  if (report.ok) client.setQueryData(memoryReportQuery.queryKey, report.data);
  return (
    <HydrationBoundary state={dehydrate(client)}>
      <AppFrame>{children}</AppFrame>
    </HydrationBoundary>
  );
}
