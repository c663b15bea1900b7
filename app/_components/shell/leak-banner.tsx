"use client";

import { useQuery } from "@tanstack/react-query";
import { Square } from "lucide-react";
import Link from "next/link";
import { memoryReportQuery } from "../../../lib/client/queries/memory.ts";
import type { LeakReport } from "../../../lib/contracts/memory.ts";
import { SERIES_LABELS, shortSite, slopeLabel } from "../leaks/verdict-labels.ts";

/** On every page while a leak is confirmed, here or in a watched service: one alert per episode, that stays until it is over. */
export function LeakBanner() {
  const { data } = useQuery(memoryReportQuery);
  const leaks = data?.leaks;
  const first = leaks?.state === "confirmed" ? leaks.suspects[0] : undefined;
  const services = data?.services?.confirmed ?? [];
  if (!first && services.length === 0) return null;
  return (
    <div
      role="alert"
      data-testid="leak-banner"
      className="flex flex-wrap items-center justify-between gap-3 rounded-md border border-crit/60 bg-crit-wash px-4 py-3 text-13"
    >
      <span className="flex items-center gap-3 text-strong">
        <Square aria-hidden className="size-3 text-crit" fill="currentColor" />
        <span>
          <strong>Memory leak confirmed:</strong> {first ? ownLabel(first) : ""}
          {services.length > 0 ? ` ${serviceLabel(services)}` : ""}
        </span>
      </span>
      <Link
        href={first ? "/leaks" : `/leaks?service=${encodeURIComponent(services[0] ?? "")}`}
        className="text-accent underline"
      >
        Show the evidence
      </Link>
    </div>
  );
}

function ownLabel(suspect: LeakReport["suspects"][number]): string {
  const culprit = suspect.attribution[0];
  const who = culprit ? `most likely in ${shortSite(culprit.site)}` : "culprit unknown";
  return `${SERIES_LABELS[suspect.series]} grows ${slopeLabel(suspect)}, ${who}.`;
}

function serviceLabel(names: readonly string[]): string {
  const [first, ...others] = names;
  return others.length === 0 ? `The service ${first} leaks.` : `${first} and ${others.length} more services leak.`;
}
