"use client";

import { useNow } from "../../../lib/client/use-now.ts";
import { formatAge } from "../../../lib/shared/duration.ts";

const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** "12 s ago", kept up to date, with the moment in the viewer's zone as its title. */
export function RelativeTime({ atMs }: { atMs: number }) {
  const nowMs = useNow();
  const iso = new Date(atMs).toISOString();
  // Before the first tick the text is the same on both sides of the wire.
  if (nowMs === null) return <time dateTime={iso}>{iso.slice(11, 19)} UTC</time>;
  return (
    <time dateTime={iso} title={FULL.format(atMs)}>
      {formatAge(atMs, nowMs)}
    </time>
  );
}

/** The moment in the viewer's zone, with the age beside it. */
export function Moment({ atMs }: { atMs: number }) {
  const nowMs = useNow();
  const iso = new Date(atMs).toISOString();
  if (nowMs === null) return <time dateTime={iso}>{iso.slice(0, 19).replace("T", " ")} UTC</time>;
  return (
    <time dateTime={iso} className="whitespace-nowrap">
      {FULL.format(atMs)} <span className="text-faint">· {formatAge(atMs, nowMs)}</span>
    </time>
  );
}
