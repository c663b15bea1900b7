"use client";

import { useQuery } from "@tanstack/react-query";
import { memoryReportQuery } from "../../../lib/client/queries/memory.ts";
import { servicesLabel, verdictLabel } from "../leaks/verdict-labels.ts";
import { Badge } from "../ui/badge.tsx";
import { LEVEL_WORD, LevelBadge } from "../ui/level.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

/** The worst of all: the level, a leak of this server, and what watched services come to. Screen readers hear of it when the level changes, not with each sample. */
export function HealthWord() {
  const { data: report } = useQuery(memoryReportQuery);
  if (!report) return <Skeleton className="h-6 w-32" />;
  const { level, usedRatio } = report.sample;
  const own = report.leaks?.state === "confirmed" || report.leaks?.before?.state === "confirmed" ? report.leaks : null;
  const services = servicesLabel(report.services);
  return (
    <span className="flex items-center gap-2">
      {level === "normal" && (own || services?.tone === "crit") ? null : <LevelBadge level={level} />}
      {own ? <Badge tone="crit">Leak: {verdictLabel(own).word.toLowerCase()}</Badge> : null}
      {services?.tone === "crit" ? <Badge tone="crit">{services.text}</Badge> : null}
      <span className="tabular hidden text-13 text-soft sm:inline">{(usedRatio * 100).toFixed(0)} %</span>
      <span className="sr-only" aria-live="polite">
        Memory level: {LEVEL_WORD[level]}
      </span>
    </span>
  );
}
