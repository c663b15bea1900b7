"use client";

import { RotateCw, Unplug } from "lucide-react";
import { usePathname, useSearchParams } from "next/navigation";
import { type ReactNode, useEffect, useRef } from "react";
import { toast } from "sonner";
import { useLiveConnection, useLiveState } from "../../../lib/client/live/live-context.tsx";
import type { LiveState } from "../../../lib/client/live/live-state.ts";
import { useNow } from "../../../lib/client/use-now.ts";
import { Button } from "../ui/button.tsx";
import { RelativeTime } from "../ui/relative-time.tsx";
import { SignInLink } from "./sign-in-link.tsx";

/** Lies over the page's lower edge, so that nothing moves when the server goes or comes. */
export function ConnectionBanner() {
  const state = useLiveState();
  const live = useLiveConnection();
  useToldWhenBack(state);
  const here = `${usePathname()}?${useSearchParams()}`;
  const isAway =
    state.connection === "disconnected" || (state.connection === "connecting" && state.receivedAtMs !== null);
  if (state.connection === "refused" && state.refusal === "forbidden") {
    return <Bar action={null}>{FORBIDDEN}</Bar>;
  }
  if (state.connection === "refused") {
    return (
      <Bar
        action={
          <Button size="sm" asChild>
            <SignInLink path={here} />
          </Button>
        }
      >
        <strong>Your session has expired.</strong> Live updates have stopped.
      </Bar>
    );
  }
  if (!isAway) return null;
  return (
    <Bar
      action={
        <Button size="sm" onClick={() => live.retryNow()}>
          <RotateCw aria-hidden className="size-3.5" /> Try now
        </Button>
      }
    >
      <strong>Disconnected.</strong>{" "}
      {state.receivedAtMs === null ? null : (
        <>
          Last update: <RelativeTime atMs={state.receivedAtMs} />.{" "}
        </>
      )}
      <Countdown retryAtMs={state.retryAtMs} />
    </Bar>
  );
}

const FORBIDDEN = (
  <>
    <strong>Live updates are off.</strong> You are signed in, but the server does not let this page watch.
  </>
);

function Bar({ children, action }: { children: ReactNode; action: ReactNode }) {
  return (
    <div
      role="status"
      data-testid="connection-banner"
      className="fixed inset-x-4 bottom-4 z-30 mx-auto flex max-w-2xl flex-wrap items-center justify-between gap-3 rounded-md border border-crit/60 bg-surface-1 px-4 py-3 text-13 shadow-panel"
    >
      <span className="flex items-center gap-3">
        <Unplug aria-hidden className="size-4 shrink-0 text-crit" />
        <span>{children}</span>
      </span>
      {action}
    </div>
  );
}

function Countdown({ retryAtMs }: { retryAtMs: number | null }) {
  const nowMs = useNow();
  if (retryAtMs === null || nowMs === null) return <span>Retrying now …</span>;
  return (
    // A screen reader hears the banner once; a count that speaks each second would hide everything else.
    <span aria-hidden className="tabular">
      Next retry in {Math.max(0, Math.ceil((retryAtMs - nowMs) / 1000))} s.
    </span>
  );
}

/** Says what became of the hole, once, when the connection is back. */
function useToldWhenBack(state: LiveState): void {
  const told = useRef<LiveState["lastGap"]>(null);
  const wasAway = useRef(false);
  useEffect(() => {
    if (state.connection === "disconnected") wasAway.current = true;
    const gap = state.lastGap;
    if (gap === null || gap === told.current || gap.state === "filling" || !wasAway.current) return;
    told.current = gap;
    wasAway.current = false;
    if (gap.state === "filled")
      toast.success("Back online", { description: `${gap.samples} missed samples were filled in.` });
    else
      toast.warning("Back online", { description: "The missed samples could not be fetched; the chart shows a gap." });
  }, [state]);
}
