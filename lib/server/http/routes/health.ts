import { healthSchema } from "../../../contracts/health.ts";
import { AppError } from "../../../shared/errors.ts";
import { defineRoute, type Route } from "../define-route.ts";

export const healthRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/livez",
      role: null,
      tag: "health",
      summary: "Liveness: the process is running",
      responses: { 200: { description: "The process is running", schema: healthSchema } },
    },
    () => ({ status: "live" }),
  ),
  defineRoute(
    {
      method: "get",
      path: "/readyz",
      role: null,
      tag: "health",
      summary: "Readiness: the server accepts requests",
      errors: [503],
      responses: { 200: { description: "The server accepts requests", schema: healthSchema } },
    },
    ({ runtime }) => {
      if (runtime.phase === "draining") throw new AppError("shutting-down", "The server is shutting down.");
      if (runtime.phase === "starting")
        throw new AppError("not-ready", "The server is starting.", { headers: { "Retry-After": "1" } });
      if (runtime.memory.gate.closed)
        throw new AppError("memory-pressure", "Memory is at its hard limit. Writes are refused until it drops.", {
          headers: { "Retry-After": "5" },
        });
      const fault = runtime.storage.fault ?? runtime.redis?.fault;
      if (fault) throw new AppError(fault.code, fault.message, { headers: { "Retry-After": "5" } });
      return { status: "ready" };
    },
  ),
];
