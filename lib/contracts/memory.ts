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
    "The most heap that was committed since V8 last gave free pages back: what is above heapTotalBytes may still be in RSS. Told on Node 22 and later",
  );

export const levelSchema = z.enum(["normal", "elevated", "critical"]);

export const memorySampleSchema = z.object({
  sequence: count.describe("Grows by one per sample; goes on from the stored maximum after a restart"),
  bootId: z.string(),
  sampledAt: z.iso.datetime(),
  nodeId: z.string(),
  limitBytes: bytes,
  limitSource: z.enum(["configured", "container"]),
  usedBytes: bytes.describe("RSS of the process and of the helper processes that it started"),
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
    .describe("Adds up to usedBytes exactly; unattributed may be negative"),
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
  hitRatio: ratio.describe("null before the first look-up"),
  evictions: count,
  expirations: count,
  rejections: count,
  spilledItems: count,
  ttlSeconds: z.number().nullable(),
  policy: z.string(),
  removals: z
    .object({ evicted: count, expired: count, replaced: count, deleted: count, spilled: count })
    .describe("Lifetime removals by cause"),
  window: z.object({ hits: count, misses: count, hitRatio: ratio }).describe("The last 5 minutes"),
});
export type StoreStats = z.infer<typeof storeStatsSchema>;

export const storeHistoryQuery = z.strictObject({
  store: z.string().min(1).max(64).optional().describe("One store's figures alone"),
});

const storeMomentSchema = z.object({
  sampledAt: z.iso.datetime(),
  stores: z.array(
    z.object({ store: z.string(), items: count, bytes, windowHitRatio: ratio.describe("Of the 5 minutes before") }),
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
  .describe("The verdict before this server or the service restarted, until a new one replaces it");
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
    .describe("An advised setting that PATCH /api/v1/settings would apply; null where none would help"),
});
export type Recommendation = z.infer<typeof recommendationSchema>;

const usageSchema = z.object({ usedBytes: bytes, heapUsedBytes: bytes, storeBytes: bytes });

export const optimizationRunSchema = z.object({
  id: z.string(),
  trigger: z.enum(["manual", "pressure", "forecast", "scheduled"]),
  actor: z.string().describe("Who asked; to a viewer of another namespace than the actor's it is `an operator`"),
  actorNamespace: z.string().optional().describe("Of the actor's key, where a key asked and who reads may know it"),
  dryRun: z.boolean(),
  state: z.enum(["running", "completed", "nothing-to-do", "failed"]),
  startedAt: z.iso.datetime(),
  durationMs: z.number(),
  targetRatio: z.number().nullable(),
  before: usageSchema,
  after: usageSchema,
  freedBytes: bytes.describe("What the stores' ledger gave back"),
  rssFreedBytes: bytes.describe("What the operating system saw"),
  note: z.string().nullable().describe("Why a target was missed or a run failed; null when all went as asked"),
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

/** What the watched services come to, by name, the first of each list being the longest watched. */
export const servicesSummarySchema = z.object({
  watched: count,
  confirmed: serviceNames,
  formerly: serviceNames.describe("Confirmed before they or this server restarted, and not judged again yet"),
  suspected: serviceNames,
  silent: serviceNames.describe("Nothing came for three of their periods"),
});
export type ServicesSummary = z.infer<typeof servicesSummarySchema>;

/** What is not built yet is `null`, never an empty list. */
export const memoryReportSchema = z.object({
  sample: memorySampleSchema,
  stores: z.array(storeStatsSchema).nullable(),
  leaks: leakReportSchema.nullable(),
  services: servicesSummarySchema.optional().describe("Watched services of the caller's namespace"),
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
  breakdown: z.array(z.object({ component: componentSchema, bytes })).describe("Means of the step"),
});
export type HistoryStep = z.infer<typeof historyStepSchema>;

const restartSchema = z.object({ bootId: z.string(), at: z.iso.datetime() });
export type Restart = z.infer<typeof restartSchema>;

export const historySchema = z.object({
  samples: z.array(z.union([memorySampleSchema, historyStepSchema])),
  stepSeconds: z.number().nullable().describe("null: as sampled"),
  truncated: z.boolean().describe("More matched than one answer holds (2,000); ask again with afterSequence"),
  restarts: z
    .array(restartSchema)
    .optional()
    .describe("When another process began, by its first sample, oldest first: at most the newest 500 of the range"),
});
export type History = z.infer<typeof historySchema>;
