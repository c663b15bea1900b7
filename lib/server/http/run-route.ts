import { AppError } from "../../shared/errors.ts";
import type { Route, RouteContext } from "./define-route.ts";

/** Runs the handler. What it removed is room in the namespace's quota for whoever writes after the answer. */
export async function runRoute(route: Route, asked: RouteContext<unknown, unknown, unknown>): Promise<unknown> {
  if (route.spec.method === "get") return route.handle(asked);
  let isRefused = false;
  try {
    return await route.handle(asked);
  } catch (error) {
    isRefused = error instanceof AppError && error.code === "quota-exceeded";
    throw error;
  } finally {
    if (!isRefused) asked.runtime.quotas.of(asked.namespace)?.mayKeepLess();
  }
}
