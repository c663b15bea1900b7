import type { Runtime } from "../runtime.ts";
import type { Route } from "./define-route.ts";
import { adminRoutes } from "./routes/admin.ts";
import { authRoutes } from "./routes/auth.ts";
import { cacheRoutes } from "./routes/cache.ts";
import { conversationRoutes } from "./routes/conversations.ts";
import { docsRoutes } from "./routes/docs.ts";
import { embeddingRoutes } from "./routes/embeddings.ts";
import { exportRoutes } from "./routes/export.ts";
import { healthRoutes } from "./routes/health.ts";
import { leakRoutes } from "./routes/leaks.ts";
import { mcpRoutes } from "./routes/mcp.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { monitoringRoutes } from "./routes/monitoring.ts";
import { namespaceRoutes } from "./routes/namespaces.ts";
import { optimizerRoutes } from "./routes/optimizer.ts";
import { profileRoutes } from "./routes/profiles.ts";
import { ragRoutes } from "./routes/rag.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { streamRoutes } from "./routes/streams.ts";
import { vectorRoutes } from "./routes/vectors.ts";

/** Every route of the HTTP API: one list for the application, its 405 responses and its OpenAPI document. */
export function allRoutes(runtime: Runtime): readonly Route[] {
  const described = [
    ...healthRoutes,
    ...authRoutes,
    ...monitoringRoutes,
    ...optimizerRoutes,
    ...leakRoutes,
    ...profileRoutes,
    ...metricsRoutes(runtime),
    ...adminRoutes,
    ...namespaceRoutes,
    ...sessionRoutes,
    ...cacheRoutes(runtime),
    ...vectorRoutes,
    ...ragRoutes,
    ...conversationRoutes,
    ...embeddingRoutes,
    ...streamRoutes,
    ...exportRoutes,
  ];
  return [...described, ...docsRoutes(described), ...mcpRoutes(described)];
}
