import { useSyncExternalStore } from "react";

/**
 * The time, once a second, from one timer for the whole page. On the server and in the first render it is null:
 * two machines' clocks would not agree, and the markup must.
 */
export function useNow(): number | null {
  return useSyncExternalStore<number | null>(subscribe, readNow, () => null);
}

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let nowMs = 0;

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    nowMs = Date.now();
    timer = setInterval(tick, 1000);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

function tick(): void {
  nowMs = Date.now();
  for (const listener of listeners) listener();
}

function readNow(): number {
  if (nowMs === 0) nowMs = Date.now();
  return nowMs;
}
