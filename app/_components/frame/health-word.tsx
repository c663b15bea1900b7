"use client";

import { useQuery } from "@tanstack/react-query";
import { memoryReportQuery } from "../../../lib/client/queries/memory.ts";
import { LEVEL_WORD, LevelBadge } from "../ui/level.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

/** The level as badge and share. Screen readers hear of it when the level changes, not with each sample. */
export function HealthWord() {
  const { data: report } = useQuery(memoryReportQuery);
  if (!report) return <Skeleton className="h-6 w-32" />;
  const { level, usedRatio } = report.sample;
  return (
    <span className="flex items-center gap-2">
      <LevelBadge level={level} />
      <span className="tabular hidden text-13 text-soft sm:inline">{(usedRatio * 100).toFixed(0)} %</span>
      <span className="sr-only" aria-live="polite">
        Memory level: {LEVEL_WORD[level]}
      </span>
    </span>
  );
}
