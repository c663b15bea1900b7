import { AppError } from "../../shared/errors.ts";
import type { NamespaceGate } from "../admin/quota-gate.ts";
import type { Route, RouteContext } from "./define-route.ts";

type Asked = RouteContext<unknown, unknown, unknown>;

/** Runs the handler. What it removed is room in the namespace's quota for whoever writes after the answer. */
export function runRoute(route: Route, asked: Asked): unknown {
  const gate = route.spec.method === "get" ? null : asked.runtime.quotas.of(asked.namespace);
  // Most requests: one promise less.
  return gate ? runUnderQuota(route, asked, gate) : route.handle(asked);
}

async function runUnderQuota(route: Route, asked: Asked, gate: NamespaceGate): Promise<unknown> {
  let isRefused = false;
  try {
    return await route.handle(asked);
  } catch (error) {
    isRefused = error instanceof AppError && error.code === "quota-exceeded";
    throw error;
  } finally {
    if (!isRefused) gate.mayKeepLess();
  }
}
