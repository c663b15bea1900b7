import type { ReactNode } from "react";
import { ProblemError } from "../../../lib/client/problem.ts";

/**
 * What a panel shows. `stale` and `disconnected` keep the last content, greyed and dated;
 * the others take its place, at the height that `minHeight` reserves.
 */
export type PanelState =
  | { kind: "ready" }
  | { kind: "loading" }
  | { kind: "empty"; title: string; hint?: ReactNode; action?: ReactNode }
  | { kind: "stale"; sinceMs: number }
  | { kind: "disconnected"; sinceMs: number | null }
  | { kind: "error"; error: unknown; onRetry?: () => void }
  | { kind: "no-permission"; reason: string };

export const READY: PanelState = { kind: "ready" };

interface QueryLike {
  isPending: boolean;
  isError: boolean;
  data: unknown;
  error: unknown;
  refetch: () => unknown;
}

/**
 * The state of a panel that shows one query. An error that comes after data leaves the data in place:
 * the page's connection state tells that it grows old.
 */
export function panelState(
  query: QueryLike,
  empty?: { when: boolean; title: string; hint?: ReactNode; action?: ReactNode },
): PanelState {
  if (query.isError && query.data === undefined) {
    if (isForbidden(query.error)) return { kind: "no-permission", reason: query.error.detail };
    return { kind: "error", error: query.error, onRetry: () => void query.refetch() };
  }
  if (query.isPending) return { kind: "loading" };
  if (empty?.when) return { kind: "empty", title: empty.title, hint: empty.hint, action: empty.action };
  return READY;
}

/** The server's own words say which role it takes. */
function isForbidden(error: unknown): error is ProblemError {
  return error instanceof ProblemError && error.status === 403;
}
