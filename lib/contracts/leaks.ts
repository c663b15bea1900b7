import { z } from "zod";
import { idSchema, listQuery, page } from "./common.ts";
import { formerVerdictSchema, heapPeakSchema, leakReportSchema } from "./memory.ts";

const bytes = z.number().nonnegative();
const count = z.number().int().nonnegative();
const seriesSchema = z.enum(["heap", "external", "arrayBuffers", "native"]);

/** What the agent sends: at most 60 samples and 64 allocation sites at a time. */
export const agentSamplesSchema = z.strictObject({
  bootId: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe(
      "Unique per process; each process is watched separately. A process that replaces a stopped one inherits its verdict",
    ),
  sampleMs: z.number().int().min(1).max(86_400_000).optional(),
  samples: z
    .array(
      z.object({
        sequence: count,
        sampledAt: z.iso.datetime(),
        process: z.object({
          rssBytes: bytes,
          heapUsedBytes: bytes,
          heapTotalBytes: bytes,
          externalBytes: bytes,
          arrayBuffersBytes: bytes,
          heapPeakBytes: heapPeakSchema,
        }),
        gc: z.object({
          majorCount: count.optional(),
          minorCount: count.optional(),
          heapUsedAfterMajorBytes: bytes.nullable(),
        }),
        activity: z.object({ requests: count }),
        breakdown: z
          .array(z.object({ component: z.string().max(64), bytes: z.number() }))
          .max(16)
          .optional(),
      }),
    )
    .max(60),
  sites: z
    .array(z.strictObject({ site: z.string().min(1).max(400), depth: count, liveBytes: bytes }))
    .max(64)
    .optional(),
});
export type AgentSamples = z.infer<typeof agentSamplesSchema>;

export const agentAnswerSchema = z.object({
  accepted: count.describe("Number of new samples; 0 while the process is not watched"),
  state: leakReportSchema.shape.state,
  collect: z
    .boolean()
    .describe(
      "True if a garbage collection now would help to tell live memory from garbage; run it when the service is idle",
    ),
  notWatched: z
    .enum(["no-memory", "too-many-processes"])
    .nullable()
    .describe(
      "Why samples are ignored: no memory (1 MiB) is left for a watch in this namespace, or 16 processes of this name report already",
    ),
});
export type AgentAnswer = z.infer<typeof agentAnswerSchema>;

export const ruledOutSchema = z.object({
  series: seriesSchema,
  reason: z.enum(["too-young", "overclaimed", "no-growth", "noise", "uneven", "step", "refill", "load", "plateau"]),
  text: z.string(),
});

/** Points for a chart: `raw` as sampled (block minima when long), `live` the curve that was judged. */
export const channelTraceSchema = z.object({
  series: seriesSchema,
  stage: z.enum(["clear", "suspected", "confirmed"]),
  slopeBytesPerHour: z.number(),
  slopeLow: z.number(),
  slopeHigh: z.number(),
  fromAt: z.iso.datetime().nullable(),
  raw: z.array(z.object({ at: z.iso.datetime(), bytes: z.number(), collected: z.number().nullable() })),
  live: z.array(z.object({ at: z.iso.datetime(), bytes: z.number() })),
});

const watchSchema = z.object({
  samples: count,
  ruledOut: z.array(ruledOutSchema),
  channels: z.array(channelTraceSchema),
  sites: z.array(leakReportSchema.shape.suspects.element.shape.attribution.element),
});

const silentSinceSchema = z.iso
  .datetime()
  .nullable()
  .describe("Time of the last sample, once none came for three sampling periods; null while samples arrive");

const notWatchedSchema = z
  .literal("no-memory")
  .nullable()
  .describe("Its samples are ignored because no room (1 MiB) for a watch is left to its namespace");

/** One process of a service: workers and replicas report under one name, each with a `bootId` of its own. */
export const agentProcessSchema = z.object({
  bootId: z.string().nullable().describe("null if the samples carry no bootId"),
  state: leakReportSchema.shape.state,
  before: formerVerdictSchema,
  lastSeenAt: z.iso.datetime(),
  silentSince: silentSinceSchema,
  notWatched: notWatchedSchema,
  samples: count.describe("Samples since this server began to watch the process"),
  rssBytes: z.number(),
  heapUsedBytes: z.number(),
});

export const agentViewSchema = z.object({
  name: z.string(),
  lastSeenAt: z.iso.datetime(),
  silentSince: silentSinceSchema,
  notWatched: notWatchedSchema,
  sampleMs: z.number().nullable(),
  processes: z
    .array(agentProcessSchema)
    .describe("Worst first, at most 16; the service's verdict is that of the first"),
  rssBytes: z.number(),
  heapUsedBytes: z.number(),
  ...leakReportSchema.shape,
});
export type AgentView = z.infer<typeof agentViewSchema>;

export const agentDetailSchema = z.object({ ...agentViewSchema.shape, ...watchSchema.shape });

export const leaksViewSchema = z.object({
  ...leakReportSchema.shape,
  silentSince: silentSinceSchema.optional(),
  notWatched: notWatchedSchema.optional(),
  processes: z.array(agentProcessSchema).optional().describe("Processes of the requested service"),
  ...watchSchema.shape,
  agents: z.array(agentViewSchema),
});
export type LeaksView = z.infer<typeof leaksViewSchema>;

export const agentListSchema = page(agentViewSchema);
export const agentParams = z.strictObject({ name: idSchema });

export const verdictSchema = z.object({
  id: count,
  at: z.iso.datetime(),
  source: z.string().nullable().describe("Name of a watched service; null for this server"),
  ...leakReportSchema.shape,
});
export const verdictListSchema = page(verdictSchema);

export const newProfileSchema = z.strictObject({
  kind: z.enum(["allocation-sampling", "heap-snapshot"]),
  seconds: z.number().int().min(1).max(300).optional(),
});

export const profileSchema = z.object({
  id: z.string(),
  kind: z.enum(["allocation-sampling", "heap-snapshot"]),
  state: z.enum(["running", "completed", "failed"]),
  progressRatio: z.number().min(0).max(1),
  seconds: z.number().nullable(),
  sizeBytes: z.number().nullable(),
  startedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  error: z.string().nullable(),
  topSites: z.array(z.object({ site: z.string(), selfBytes: z.number(), totalBytes: z.number() })),
});
export type ProfileView = z.infer<typeof profileSchema>;

export const profileListSchema = z.object({
  items: z.array(profileSchema),
  nextCursor: z.null(),
  snapshot: z.object({
    enabled: z.boolean(),
    estimateBytes: z.number().describe("Memory needed, estimated as heap in use × 8"),
    freeBytes: z.number().describe("Free bytes below the memory limit"),
    allowed: z.boolean(),
  }),
});

export const profileParams = z.strictObject({ id: z.uuid() });
export const leaksQuery = z.strictObject({ agent: idSchema.optional() });
export const verdictQuery = listQuery;
