import { z } from "zod";

type Unit = "bytes" | "MB" | "seconds" | "entries" | "ratio" | "port" | "";

interface SettingSpec<S extends z.ZodType = z.ZodType> {
  /** The environment variable that pins it. */
  variable: string;
  schema: S;
  fallback: z.infer<S>;
  unit: Unit;
  description: string;
}

const setting = <S extends z.ZodType>(
  variable: string,
  schema: S,
  fallback: z.infer<S>,
  unit: Unit,
  description: string,
): SettingSpec<S> => ({
  variable,
  schema,
  fallback,
  unit,
  description,
});

const entries = (maximum = 10_000_000) => z.number().int().min(1).max(maximum);
const megabytes = z.number().min(1).max(1_048_576);
const seconds = (minimum: number, maximum: number) => z.number().min(minimum).max(maximum);
/** Ten years, the longest timeout that makes sense. */
const LONGEST_SECONDS = 315_360_000;

/**
 * Settings that may change while the server runs. A change takes effect at once and is stored. A value from the environment
 * takes precedence and fixes its setting.
 */
export const SETTINGS = {
  memoryLimitMb: setting(
    "HEADROOM_MEMORY_LIMIT_MB",
    z.number().min(128).max(1_048_576),
    1024,
    "MB",
    "Memory limit of the whole process, including helper processes",
  ),
  sampleSeconds: setting("HEADROOM_SAMPLE_SECONDS", seconds(0.1, 3600), 30, "seconds", "Time between two samples"),
  optimizeAtRatio: setting(
    "HEADROOM_OPTIMIZE_AT_RATIO",
    z.number().min(0.1).max(0.95),
    0.85,
    "ratio",
    "Usage above which automatic optimization starts",
  ),
  maxSessions: setting("HEADROOM_MAX_SESSIONS", entries(), 500, "entries", "Sessions kept in memory"),
  sessionTimeoutSeconds: setting(
    "HEADROOM_SESSION_TIMEOUT_SECONDS",
    seconds(1, LONGEST_SECONDS),
    1800,
    "seconds",
    "Idle time after which a session expires",
  ),
  sessionsMaxMb: setting("HEADROOM_SESSIONS_MAX_MB", megabytes, 64, "MB", "Maximum size of the session pool"),
  sessionDurability: setting(
    "HEADROOM_SESSION_DURABILITY",
    z.enum(["everysec", "always"]),
    "everysec",
    "",
    "Session changes that a crash may lose: everysec the last second, always none",
  ),
  cacheMaxEntries: setting("HEADROOM_CACHE_MAX_ENTRIES", entries(), 50, "entries", "Responses in the cache"),
  cacheTtlSeconds: setting(
    "HEADROOM_CACHE_TTL_SECONDS",
    seconds(1, LONGEST_SECONDS),
    300,
    "seconds",
    "Time to live of a cached response",
  ),
  cacheTtlJitter: setting(
    "HEADROOM_CACHE_TTL_JITTER",
    z.number().min(0).max(0.5),
    0,
    "ratio",
    "Share of the time to live by which responses may expire early, so that not all expire at once",
  ),
  cacheMaxMb: setting("HEADROOM_CACHE_MAX_MB", megabytes, 32, "MB", "Maximum size of the response cache"),
  cachePolicy: setting(
    "HEADROOM_CACHE_POLICY",
    z.enum(["auto", "lru", "s3-fifo"]),
    "auto",
    "",
    "Eviction policy of the response cache",
  ),
  maxVectors: setting("HEADROOM_MAX_VECTORS", entries(), 5000, "entries", "Vectors kept in memory at full precision"),
  vectorsMaxMb: setting("HEADROOM_VECTORS_MAX_MB", megabytes, 512, "MB", "Maximum size of the vector store in memory"),
  queryCacheEntries: setting("HEADROOM_QUERY_CACHE_ENTRIES", entries(), 100, "entries", "Answers in the query cache"),
  queryCacheTtlSeconds: setting(
    "HEADROOM_QUERY_CACHE_TTL_SECONDS",
    seconds(1, LONGEST_SECONDS),
    180,
    "seconds",
    "Time to live of a cached answer",
  ),
  queryCacheMaxMb: setting("HEADROOM_QUERY_CACHE_MAX_MB", megabytes, 16, "MB", "Maximum size of the query cache"),
  semanticCache: setting(
    "HEADROOM_SEMANTIC_CACHE",
    z.enum(["off", "on"]),
    "off",
    "",
    "Whether the query cache also answers a question in different words",
  ),
  ragMaxMb: setting("HEADROOM_RAG_MAX_MB", megabytes, 64, "MB", "Maximum size of the passage vectors in memory"),
  maxHistoryMessages: setting(
    "HEADROOM_MAX_HISTORY_MESSAGES",
    entries(),
    1000,
    "entries",
    "Conversation messages kept in memory",
  ),
  contextMaxMessages: setting(
    "HEADROOM_CONTEXT_MAX_MESSAGES",
    z.number().int().min(1).max(100_000),
    5000,
    "entries",
    "Newest messages of a conversation considered for a prompt",
  ),
  historyMaxMb: setting("HEADROOM_HISTORY_MAX_MB", megabytes, 32, "MB", "Maximum size of conversations in memory"),
  streamMaxMb: setting("HEADROOM_STREAM_MAX_MB", megabytes, 512, "MB", "Maximum memory of all streams together"),
  diskMaxMb: setting("HEADROOM_DISK_MAX_MB", megabytes, 8192, "MB", "Maximum size of the database on disk"),
  maxBodyMb: setting(
    "HEADROOM_MAX_BODY_MB",
    z.number().min(0.001).max(512),
    8,
    "MB",
    "Largest request body; does not apply to streams",
  ),
} as const satisfies Record<string, SettingSpec>;

export type SettingName = keyof typeof SETTINGS;
export type Settings = { [Name in SettingName]: z.infer<(typeof SETTINGS)[Name]["schema"]> };

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** What a setting takes: the least and the most of a number, or its choices. */
export function settingRange(name: SettingName) {
  const { schema } = SETTINGS[name];
  const numeric = "minValue" in schema;
  return {
    minimum: numeric ? schema.minValue : null,
    maximum: numeric ? schema.maxValue : null,
    choices: "options" in schema ? [...schema.options] : null,
  };
}

/** A PATCH may name any of the settings; `null` resets a setting to its default. */
export const settingsPatchSchema = z
  .strictObject(
    Object.fromEntries(SETTING_NAMES.map((name) => [name, SETTINGS[name].schema.nullable().optional()])) as {
      [Name in SettingName]: z.ZodOptional<z.ZodNullable<(typeof SETTINGS)[Name]["schema"]>>;
    },
  )
  .refine((patch) => Object.keys(patch).length > 0, "must name at least one setting");
export type SettingsPatch = z.infer<typeof settingsPatchSchema>;

const settingValue = z.union([z.number(), z.string()]);

export const settingsViewSchema = z.object({
  revision: z.number().int().describe("Grows by one with each change; 0 before the first change"),
  changedAt: z.iso.datetime().nullable(),
  settings: z.array(
    z.object({
      name: z.string(),
      value: settingValue,
      default: settingValue,
      source: z.enum(["default", "stored", "environment"]),
      variable: z.string(),
      unit: z.string(),
      description: z.string(),
      minimum: z.number().nullable(),
      maximum: z.number().nullable(),
      choices: z.array(z.string()).nullable(),
    }),
  ),
  revisions: z
    .array(z.object({ revision: z.number().int(), actor: z.string(), reason: z.string(), createdAt: z.iso.datetime() }))
    .describe("The newest 20, newest first"),
});
export type SettingsView = z.infer<typeof settingsViewSchema>;

export const rollbackSchema = z.strictObject({
  revision: z.number().int().min(0).optional().describe("The revision to restore; the previous one if omitted"),
});
