"use client";

import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { io } from "socket.io-client";
import type { ServerEvents } from "../../contracts/events.ts";
import type { MemoryReport } from "../../contracts/memory.ts";
import { systemClock } from "../../shared/clock.ts";
import { fetchSamplesAfter, memoryKeys } from "../queries/memory.ts";
import { useNow } from "../use-now.ts";
import { LiveConnection, type LiveSocket } from "./live-connection.ts";
import { type Freshness, freshness, INITIAL_LIVE_STATE, type LiveState } from "./live-state.ts";
import { createQueryCacheSink, followEvents } from "./query-cache-sink.ts";

const LiveContext = createContext<LiveConnection | null>(null);

/** Opens the page's one socket when it is mounted, and closes it with the page. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [live] = useState(
    () =>
      new LiveConnection({
        socket: openSocket(),
        sink: createQueryCacheSink(client, systemClock),
        clock: systemClock,
        random: Math.random,
        fetchAfter: fetchSamplesAfter,
      }),
  );
  useEffect(() => {
    const unfollow = followEvents(live, client);
    const stop = live.start(client.getQueryData<MemoryReport>(memoryKeys.report)?.sample.sequence ?? null);
    return () => {
      unfollow();
      stop();
    };
  }, [live, client]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

/** Narrowed to what a connection uses; Socket.IO's own `off` takes handlers of any shape. */
function openSocket(): LiveSocket {
  const socket = io("/monitoring", { autoConnect: false, reconnection: false, transports: ["websocket"] });
  return {
    connect: () => socket.connect(),
    disconnect: () => socket.disconnect(),
    on: (event, handler) => socket.on(event, loosely(handler)),
    off: (event, handler) => socket.off(event, loosely(handler)),
  };
}

/** What a handler is given is settled by the event's name in lib/contracts/events.ts, which Socket.IO's type does not see. */
function loosely(handler: Parameters<LiveSocket["on"]>[1]): (...values: unknown[]) => void {
  return handler as (...values: unknown[]) => void;
}

/** The page's connection: `pause`, `resume`, `retryNow`, `on`. */
export function useLiveConnection(): LiveConnection {
  const live = useContext(LiveContext);
  if (live === null) throw new Error("useLiveConnection needs a LiveProvider above it.");
  return live;
}

export function useLiveState(): LiveState {
  const live = useLiveConnection();
  return useSyncExternalStore(
    live.subscribe,
    () => live.state,
    () => INITIAL_LIVE_STATE,
  );
}

/** How far the figures can be trusted now. */
export function useFreshness(): Freshness {
  const state = useLiveState();
  const nowMs = useNow();
  return nowMs === null ? "connecting" : freshness(state, nowMs);
}

/** Calls `handler` for each event of that name while the component is mounted. Pass a stable function. */
export function useLiveEvent<Event extends keyof ServerEvents>(event: Event, handler: ServerEvents[Event]): void {
  const live = useLiveConnection();
  useEffect(() => live.on(event, handler), [live, event, handler]);
}
