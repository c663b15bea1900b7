"use client";

import { useQuery } from "@tanstack/react-query";
import { Square } from "lucide-react";
import Link from "next/link";
import { memoryReportQuery } from "../../../lib/client/queries/memory.ts";
import { formatBytes } from "../../../lib/shared/bytes.ts";

/** On every page while a leak of this server is confirmed: one alert per episode, that stays until the episode is over. */
export function LeakBanner() {
  const { data } = useQuery(memoryReportQuery);
  const leaks = data?.leaks;
  const first = leaks?.suspects[0];
  if (leaks?.state !== "confirmed" || !first) return null;
  return (
    <div
      role="alert"
      data-testid="leak-banner"
      className="flex flex-wrap items-center justify-between gap-3 rounded-md border border-crit/60 bg-crit-wash px-4 py-3 text-13"
    >
      <span className="flex items-center gap-3 text-strong">
        <Square aria-hidden className="size-3 text-crit" fill="currentColor" />
        <span>
          <strong>Memory leak confirmed:</strong> {first.series} grows by {formatBytes(first.slopeBytesPerHour)} an hour
          {first.attribution[0] ? `, most likely in ${first.attribution[0].site.split(" (")[0]}` : ""}.
        </span>
      </span>
      <Link href="/leaks" className="text-accent underline">
        Show the evidence
      </Link>
    </div>
  );
}
