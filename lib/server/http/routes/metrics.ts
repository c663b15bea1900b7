import { Metrics } from "../../observe/metrics.ts";
import type { Runtime } from "../../runtime.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";

/** Created with the routes; default metrics observe the process from then on. */
export function metricsRoutes(runtime: Runtime): readonly Route[] {
  const metrics = new Metrics(runtime);
  const route = defineRoute(
    {
      method: "get",
      path: "/metrics",
      role: runtime.env.fixed.HEADROOM_METRICS_PUBLIC ? null : "viewer",
      tag: "monitoring",
      summary: "Get metrics in the Prometheus text format; needs a viewer key unless HEADROOM_METRICS_PUBLIC=1",
      responses: { 200: { description: "The metrics", mediaType: "text/plain" } },
    },
    async () => reply(200, await metrics.text(), { "Content-Type": metrics.contentType }),
  );
  return [route];
}
