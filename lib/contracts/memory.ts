import { z } from "zod";
import { instantParameter, integerParameter } from "./common.ts";

const bytes = z.number();
const count = z.number().int().nonnegative();

/** The components that memory is counted under; a breakdown names each once. */
export const COMPONENTS = [
  "sessions",
  "cache",
  "vectors",
  "rag",
  "embeddings",
  "streams",
  "runtime",
  "unattributed",
] as const;

export const componentSchema = z.enum(COMPONENTS);
export type Component = (typeof COMPONENTS)[number];

export const heapPeakSchema = z
  .number()
  .nonnegative()
  .optional()
  .describe(
    "Highest committed heap since V8 last returned free pages; the part above heapTotalBytes may still be in RSS. Reported on Node.js 22 and later",
  );

export const levelSchema = z.enum(["normal", "elevated", "critical"]);

export const memorySampleSchema = z.object({
  sequence: count.describe("Grows by one per sample; continues from the stored maximum after a restart"),
  bootId: z.string(),
  sampledAt: z.iso.datetime(),
  nodeId: z.string(),
  limitBytes: bytes,
  limitSource: z.enum(["configured", "container"]),
  usedBytes: bytes.describe("RSS of the process and its helper processes"),
  usedRatio: z.number(),
  level: levelSchema,
  process: z.object({
    rssBytes: bytes,
    heapUsedBytes: bytes,
    heapTotalBytes: bytes,
    heapLimitBytes: bytes,
    externalBytes: bytes,
    arrayBuffersBytes: bytes,
    heapPeakBytes: heapPeakSchema,
  }),
  container: z.object({
    limitBytes: bytes.nullable(),
    currentBytes: bytes.nullable(),
    pressureSome10: z.number().nullable(),
    pressureFull10: z.number().nullable(),
  }),
  breakdown: z
    .array(z.object({ component: componentSchema, bytes }))
    .describe("Sums exactly to usedBytes; unattributed may be negative"),
  gc: z.object({
    minorCount: count,
    majorCount: count,
    pauseMs: z.number(),
    heapUsedAfterMajorBytes: bytes.nullable(),
  }),
  eventLoop: z.object({ delayP99Ms: z.number(), utilizationRatio: z.number() }),
  activity: z.object({ requests: count }),
});
export type MemorySample = z.infer<typeof memorySampleSchema>;

const ratio = z.number().min(0).max(1).nullable();

export const storeStatsSchema = z.object({
  store: z.string(),
  items: count,
  maxItems: count.nullable(),
  bytes,
  maxBytes: bytes.nullable(),
  hits: count,
  misses: count,
  hitRatio: ratio.describe("null before the first lookup"),
  evictions: count,
  expirations: count,
  rejections: count,
  spilledItems: count,
  ttlSeconds: z.number().nullable(),
  policy: z.string(),
  removals: z
    .object({ evicted: count, expired: count, replaced: count, deleted: count, spilled: count })
    .describe("Removals since the start, by cause"),
  window: z.object({ hits: count, misses: count, hitRatio: ratio }).describe("Figures of the last 5 minutes"),
});
export type StoreStats = z.infer<typeof storeStatsSchema>;

export const storeHistoryQuery = z.strictObject({
  store: z.string().min(1).max(64).optional().describe("Return only the figures of this store"),
});

const storeMomentSchema = z.object({
  sampledAt: z.iso.datetime(),
  stores: z.array(
    z.object({
      store: z.string(),
      items: count,
      bytes,
      windowHitRatio: ratio.describe("Hit ratio of the preceding 5 minutes"),
    }),
  ),
});
export type StoreMoment = z.infer<typeof storeMomentSchema>;

export const storeHistorySchema = z.object({
  moments: z.array(storeMomentSchema).describe("One per sample since the start, oldest first, at most 600"),
});
export type StoreHistory = z.infer<typeof storeHistorySchema>;

export const formerVerdictSchema = z
  .object({
    state: z.enum(["suspected", "confirmed"]),
    at: z.iso.datetime().describe("When that verdict was reached"),
  })
  .nullable()
  .describe("The verdict from before the restart of this server or the service, until a new one replaces it");
export type FormerVerdict = z.infer<typeof formerVerdictSchema>;

export const leakReportSchema = z.object({
  state: z.enum(["warming-up", "clear", "suspected", "confirmed"]),
  before: formerVerdictSchema.optional(),
  suspects: z.array(
    z.object({
      series: z.enum(["heap", "external", "arrayBuffers", "native"]),
      slopeBytesPerHour: z.number(),
      slopeLow: z.number(),
      slopeHigh: z.number(),
      confidence: z.number().min(0).max(1),
      firstSeenAt: z.iso.datetime(),
      evidence: z.object({ samples: count, method: z.string(), unexplainedBytes: z.number() }),
      attribution: z.array(
        z.object({
          site: z.string(),
          constructorName: z.string().nullable(),
          liveBytes: z.number(),
          growthBytes: z.number(),
        }),
      ),
    }),
  ),
});
export type LeakReport = z.infer<typeof leakReportSchema>;

export const forecastSchema = z.object({
  secondsToLimit: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});
export type Forecast = z.infer<typeof forecastSchema>;

export const recommendationSchema = z.object({
  rule: z.string(),
  severity: z.enum(["info", "warning", "critical"]),
  value: z.number().nullable(),
  threshold: z.number().nullable(),
  cause: z.string(),
  action: z.string(),
  expected: z.string(),
  panel: z.string(),
  setting: z
    .object({ key: z.string(), value: z.number() })
    .nullable()
    .describe("A suggested setting to apply with PATCH /api/v1/settings; null if no setting would help"),
});
export type Recommendation = z.infer<typeof recommendationSchema>;

const usageSchema = z.object({ usedBytes: bytes, heapUsedBytes: bytes, storeBytes: bytes });

export const optimizationRunSchema = z.object({
  id: z.string(),
  trigger: z.enum(["manual", "pressure", "forecast", "scheduled"]),
  actor: z.string().describe("Who requested the run; viewers of other namespaces see `an operator`"),
  actorNamespace: z
    .string()
    .optional()
    .describe("Namespace of the actor's key, if a key made the request and the reader may see it"),
  dryRun: z.boolean(),
  state: z.enum(["running", "completed", "nothing-to-do", "failed"]),
  startedAt: z.iso.datetime(),
  durationMs: z.number(),
  targetRatio: z.number().nullable(),
  before: usageSchema,
  after: usageSchema,
  freedBytes: bytes.describe("Bytes that the stores released, by the ledger"),
  rssFreedBytes: bytes.describe("Decrease of RSS, as the operating system reports it"),
  note: z.string().nullable().describe("Why the target was missed or the run failed; null otherwise"),
  steps: z.array(
    z.object({
      step: z.string(),
      items: count,
      predictedFreedBytes: bytes,
      freedBytes: bytes,
      durationMs: z.number(),
      longestPauseMs: z.number(),
    }),
  ),
});
export type OptimizationRun = z.infer<typeof optimizationRunSchema>;

const serviceNames = z.array(z.string());

/** Watched services by state. Each list starts with the service that has been watched longest. */
export const servicesSummarySchema = z.object({
  watched: count,
  confirmed: serviceNames,
  formerly: serviceNames.describe("Confirmed before a restart of the service or of this server, and not judged since"),
  suspected: serviceNames,
  silent: serviceNames.describe("No sample for three sampling periods"),
});
export type ServicesSummary = z.infer<typeof servicesSummarySchema>;

/** Memory of another process that nodes share: beside the ledger, and in no `usedBytes`. */
export const redisSchema = z.object({
  state: z.enum(["ready", "away"]),
  usedBytes: bytes.nullable().describe("used_memory; null before the first answer"),
  maxBytes: bytes.nullable().describe("maxmemory; null if Redis has no bound"),
  evictionPolicy: z
    .string()
    .nullable()
    .describe("maxmemory-policy; any other than noeviction may drop what others count on"),
  keptBytes: bytes.nullable().describe("What all nodes keep there, by their own estimate"),
  keptMaxBytes: bytes.describe("HEADROOM_REDIS_MAX_MB"),
});
export type RedisReport = z.infer<typeof redisSchema>;

/** Parts that are not available are `null`, never an empty list. */
export const memoryReportSchema = z.object({
  sample: memorySampleSchema,
  stores: z.array(storeStatsSchema),
  redis: redisSchema
    .optional()
    .describe("Redis of the fleet, as of the last five seconds; only with HEADROOM_REDIS_URL"),
  leaks: leakReportSchema.nullable(),
  services: servicesSummarySchema.optional().describe("Summary of the watched services in the caller's namespace"),
  forecast: forecastSchema.nullable(),
  recommendations: z.array(recommendationSchema).nullable(),
  optimizer: z
    .object({
      running: z.boolean(),
      lastRun: optimizationRunSchema.nullable(),
      nextAutomaticAt: z.iso.datetime().nullable(),
    })
    .nullable(),
});
export type MemoryReport = z.infer<typeof memoryReportSchema>;

export const historyQuery = z
  .strictObject({
    from: instantParameter.optional(),
    to: instantParameter.optional(),
    stepSeconds: integerParameter(1, 86_400).optional(),
    afterSequence: integerParameter(0, Number.MAX_SAFE_INTEGER).optional(),
  })
  .refine((query) => !(query.from && query.to) || Date.parse(query.from) <= Date.parse(query.to), {
    path: ["from"],
    message: "must not be after to",
  });
export type HistoryQuery = z.infer<typeof historyQuery>;

const figuresSchema = z.object({
  usedBytes: bytes,
  limitBytes: bytes,
  rssBytes: bytes,
  heapUsedBytes: bytes,
  heapTotalBytes: bytes,
  externalBytes: bytes,
  arrayBuffersBytes: bytes,
  gcPauseMs: z.number(),
  delayP99Ms: z.number(),
  requests: z.number(),
});
export type Figures = z.infer<typeof figuresSchema>;

export const historyStepSchema = z.object({
  startAt: z.iso.datetime(),
  count,
  min: figuresSchema,
  max: figuresSchema,
  mean: figuresSchema,
  breakdown: z.array(z.object({ component: componentSchema, bytes })).describe("Mean bytes per component in this step"),
});
export type HistoryStep = z.infer<typeof historyStepSchema>;

const restartSchema = z.object({ bootId: z.string(), at: z.iso.datetime() });
export type Restart = z.infer<typeof restartSchema>;

export const historySchema = z.object({
  samples: z.array(z.union([memorySampleSchema, historyStepSchema])),
  stepSeconds: z.number().nullable().describe("Length of a step; null for raw samples"),
  truncated: z
    .boolean()
    .describe("True if more samples matched than one response holds (2,000); continue with afterSequence"),
  restarts: z
    .array(restartSchema)
    .optional()
    .describe("Restarts, by the first sample of each process, oldest first; at most the newest 500 in the range"),
});
export type History = z.infer<typeof historySchema>;
