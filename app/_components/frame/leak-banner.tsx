"use client";

import { useQuery } from "@tanstack/react-query";
import { Square } from "lucide-react";
import Link from "next/link";
import { memoryReportQuery } from "../../../lib/client/queries/memory.ts";
import { SERIES_WORDS, shortSite, slopeWords } from "../leaks/verdict-words.ts";

/** On every page while a leak of this server is confirmed: one alert per episode, that stays until the episode is over. */
export function LeakBanner() {
  const { data } = useQuery(memoryReportQuery);
  const leaks = data?.leaks;
  const first = leaks?.suspects[0];
  if (leaks?.state !== "confirmed" || !first) return null;
  const culprit = first.attribution[0];
  return (
    <div
      role="alert"
      data-testid="leak-banner"
      className="flex flex-wrap items-center justify-between gap-3 rounded-md border border-crit/60 bg-crit-wash px-4 py-3 text-13"
    >
      <span className="flex items-center gap-3 text-strong">
        <Square aria-hidden className="size-3 text-crit" fill="currentColor" />
        <span>
          <strong>Memory leak confirmed:</strong> {SERIES_WORDS[first.series]} grows {slopeWords(first)}
          {culprit ? `, most likely in ${shortSite(culprit.site)}` : ""}.
        </span>
      </span>
      <Link href="/leaks" className="text-accent underline">
        Show the evidence
      </Link>
    </div>
  );
}
