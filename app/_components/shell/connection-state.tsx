"use client";

import { CirclePause, Clock4, LoaderCircle, type LucideIcon, Pause, Play, Radio, Unplug } from "lucide-react";
import { useFreshness, useLiveConnection, useLiveState } from "../../../lib/client/live/live-context.tsx";
import type { Freshness } from "../../../lib/client/live/live-state.ts";
import { useNow } from "../../../lib/client/use-now.ts";
import { formatDuration } from "../../../lib/shared/duration.ts";
import { Badge, type Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Tooltip } from "../ui/tooltip.tsx";

const LOOKS: Record<Freshness, { word: string; tone: Tone; icon: LucideIcon }> = {
  connecting: { word: "Connecting", tone: "pending", icon: LoaderCircle },
  live: { word: "Live", tone: "ok", icon: Radio },
  paused: { word: "Paused", tone: "info", icon: CirclePause },
  stale: { word: "Stale", tone: "warn", icon: Clock4 },
  disconnected: { word: "Disconnected", tone: "crit", icon: Unplug },
  refused: { word: "Signed out", tone: "crit", icon: Unplug },
};

/** How far the figures can be trusted, in a word, and how old they are once that matters. */
export function ConnectionState() {
  const state = useLiveState();
  const fresh = useFreshness();
  const nowMs = useNow();
  const { tone, icon, ...looks } = LOOKS[fresh];
  const word = fresh === "refused" && state.refusal === "forbidden" ? "Not allowed" : looks.word;
  const silentSeconds = state.receivedAtMs === null || nowMs === null ? null : (nowMs - state.receivedAtMs) / 1000;
  return (
    <span data-testid="connection" data-state={fresh}>
      <Badge tone={tone} icon={icon} className="h-7 min-w-20 justify-center">
        {word}
        {fresh === "stale" && silentSeconds !== null ? (
          <span className="tabular">{formatDuration(silentSeconds)}</span>
        ) : null}
      </Badge>
    </span>
  );
}

export function PauseButton() {
  const live = useLiveConnection();
  const { paused } = useLiveState();
  const label = paused ? "Resume live figures" : "Pause live figures";
  return (
    <Tooltip content={`${label} (p)`}>
      <Button
        variant="secondary"
        size="icon"
        aria-label={label}
        onClick={() => (paused ? live.resume() : live.pause())}
      >
        {paused ? <Play aria-hidden className="size-4" /> : <Pause aria-hidden className="size-4" />}
      </Button>
    </Tooltip>
  );
}
