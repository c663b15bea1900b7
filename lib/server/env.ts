import { z } from "zod";
import { SETTING_NAMES, SETTINGS, type SettingName, type Settings, settingRange } from "../contracts/settings.ts";
import { isOrigin } from "./http/intake/cross-origin.ts";
import { isNetwork } from "./http/intake/proxies.ts";

const flag = z.enum(["0", "1", "off", "on", "false", "true"]).transform((text) => ["1", "on", "true"].includes(text));
const integer = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().int().min(minimum).max(maximum));

const MAX_LISTED = 100;

/** Names apart by commas, each of which `isOne` takes; `*` is none. */
const listOf = (isOne: (text: string) => boolean) =>
  z
    .string()
    .transform((text) => text.split(",").map((part) => part.trim()))
    .pipe(z.array(z.string().refine(isOne)).max(MAX_LISTED));
const NONE: readonly string[] = [];

/** Values that are fixed for the life of the process. Settings that may change are in lib/contracts/settings.ts. */
export const FIXED = {
  PORT: {
    schema: integer(0, 65_535),
    fallback: 3000,
    takes: "a port from 0 to 65535 (0 picks a free port)",
    description: "The port to listen on",
  },
  HOST: {
    schema: z.string().min(1),
    fallback: "127.0.0.1",
    takes: "an address to listen on",
    description: "The address to listen on; any other than 127.0.0.1 opens the server to the network",
  },
  HEADROOM_DATABASE_URL: {
    schema: z.string().regex(/^(file:.+|postgres(ql)?:\/\/.+)/, "must start with file: or postgres://"),
    fallback: "file:./data/headroom.db",
    takes: "file:PATH of a SQLite database, or postgres://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE",
    description:
      "The database: a SQLite file, whose relative path starts at the project folder, or Postgres 14 or later, for one node at a time",
  },
  HEADROOM_POSTGRES_CONNECTIONS: {
    schema: integer(3, 100),
    fallback: 8,
    takes: "a number from 3 to 100",
    description: "Most connections to Postgres; one of them writes, and one watches",
  },
  HEADROOM_REDIS_URL: {
    schema: z.url({ protocol: /^rediss?$/ }).optional(),
    fallback: undefined,
    takes: "redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:// for TLS",
    description: "Redis that several nodes share; without it everything is embedded",
  },
  HEADROOM_REDIS_MAX_MB: {
    schema: integer(1, 1_048_576),
    fallback: 1_024,
    takes: "a number from 1 to 1048576 (MB)",
    description: "Most memory in Redis for what all nodes keep there, in MB",
  },
  HEADROOM_REDIS_TIMEOUT_MS: {
    schema: integer(50, 60_000),
    fallback: 500,
    takes: "a number from 50 to 60000 (milliseconds)",
    description:
      "Longest wait for an answer of Redis, in milliseconds; then 503, and no request waits until it answers",
  },
  HEADROOM_OPERATOR_KEY: {
    schema: z.string().min(16).max(256).optional(),
    fallback: undefined,
    takes: "16 to 256 characters",
    description: "The operator key; without it, the first start creates one and prints it once",
  },
  HEADROOM_EMBEDDINGS_URL: {
    schema: z.url({ protocol: /^https?$/ }).optional(),
    fallback: undefined,
    takes: "the base URL of an OpenAI-compatible API, such as https://host/v1",
    description: "An embedding service to use instead of the embedded model",
  },
  HEADROOM_EMBEDDINGS_MODEL: {
    schema: z.string().min(1).max(200),
    fallback: "text-embedding-3-small",
    takes: "a model name",
    description: "The model name sent to the embedding service",
  },
  HEADROOM_EMBEDDINGS_API_KEY: {
    schema: z.string().min(1).max(4096).optional(),
    fallback: undefined,
    takes: "the API key of the embedding service",
    description: "The API key of the embedding service",
  },
  HEADROOM_EMBEDDINGS_MAX_TOKENS: {
    schema: integer(32, 1_000_000),
    fallback: 8_191,
    takes: "a number from 32 to 1000000: the maximum tokens per text of the service's model",
    description: "Maximum tokens per text of the service's model; chunks and messages are cut to it",
  },
  HEADROOM_EMBEDDINGS_IDLE_SECONDS: {
    schema: integer(1, 86_400),
    fallback: 60,
    takes: "a number from 1 to 86400: idle seconds after which the process of the embedded model stops",
    description: "Idle time after which the process of the embedded model stops and frees its memory",
  },
  HEADROOM_EMBEDDINGS_TIMEOUT_SECONDS: {
    schema: integer(1, 600),
    fallback: 30,
    takes: "a number from 1 to 600: the timeout in seconds for embedding a batch of texts",
    description: "Timeout for embedding a batch: then 504 for a service, or a new process for the embedded model",
  },
  HEADROOM_DOOR: {
    schema: z.enum(["direct", "next"]),
    fallback: "direct" as const,
    takes: "direct or next",
    description: "How API requests are handled: by the server itself, or by Next.js route handlers",
  },
  HEADROOM_CORS_ORIGINS: {
    schema: listOf(isOrigin),
    fallback: NONE,
    takes: "origins as browsers send them, such as https://app.example.com,http://localhost:5173 (never *)",
    description: "Other sites whose pages may call the API with a key; never with cookies",
  },
  HEADROOM_TRUST_PROXY: {
    schema: listOf(isNetwork),
    fallback: NONE,
    takes: "addresses and networks of proxies, such as 10.0.0.0/8,127.0.0.1,fd00::/8 (never *)",
    description: "Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed",
  },
  HEADROOM_SNAPSHOTS: {
    schema: flag,
    fallback: false,
    takes: "on or off",
    description: "Allow heap snapshots; they contain everything in memory, including secrets",
  },
  HEADROOM_METRICS_PUBLIC: {
    schema: flag,
    fallback: false,
    takes: "1 or 0",
    description: "Serve `/metrics` without a key",
  },
  HEADROOM_MCP_HOSTS: {
    schema: z
      .string()
      .toLowerCase()
      .transform((text) => text.split(",").map((name) => name.trim()))
      .pipe(z.array(z.string().regex(/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/)).max(100))
      .optional(),
    fallback: undefined,
    takes: "host names without ports, separated by commas",
    description: "Names under which agents may call `/mcp`, in addition to `localhost` and addresses",
  },
  HEADROOM_GC_TUNING: {
    schema: flag,
    fallback: true,
    takes: "on or off",
    description: "Garbage collection flags at the start, chosen for the memory limit",
  },
  HEADROOM_ALLOCATOR_TRIM: {
    schema: flag,
    fallback: true,
    takes: "on or off",
    description: "Return free pages of the C allocator to the system",
  },
  HEADROOM_SESSION_PACKING: {
    schema: flag,
    fallback: true,
    takes: "on or off",
    description: "Compress idle sessions in memory",
  },
  HEADROOM_SESSION_HOT_TIER: {
    schema: flag,
    fallback: true,
    takes: "on or off",
    description: "Keep recently used sessions decoded in memory",
  },
  HEADROOM_CACHE_COMPRESSION: {
    schema: flag,
    fallback: true,
    takes: "on or off",
    description: "Compress cached bodies",
  },
  HEADROOM_CGROUP_ROOT: {
    schema: z.string().min(1),
    fallback: "/sys/fs/cgroup",
    takes: "the path of the cgroup file system",
    description: "Path from which the container's memory limit is read",
  },
  HEADROOM_LOG_LEVEL: {
    schema: z.enum(["debug", "info", "warn", "error", "silent"]),
    fallback: "info" as const,
    takes: "debug, info, warn, error or silent",
    description: "Lowest level of log lines that are written",
  },
} as const;

export const FIXED_NAMES = Object.keys(FIXED) as (keyof typeof FIXED)[];

type Fixed = { -readonly [Name in keyof typeof FIXED]: z.output<(typeof FIXED)[Name]["schema"]> };

export interface Env {
  fixed: Fixed;
  /** Settings fixed by environment variables. */
  pinned: Partial<Settings>;
  production: boolean;
}

/** A variable with an invalid value. The message names the variable, the value it got and the values it accepts. */
export class EnvError extends Error {
  override readonly name = "EnvError";
}

/**
 * Parses the environment, once.
 *
 * @throws {EnvError} for the first invalid value.
 */
export function parseEnv(environment: Readonly<Record<string, string | undefined>>): Env {
  const fixed: Record<string, unknown> = {};
  for (const [name, { schema, fallback, takes }] of Object.entries(FIXED)) {
    const text = environment[name];
    fixed[name] = text === undefined || text === "" ? fallback : parseOne(name, text, schema, takes);
  }
  const pinned: Partial<Record<SettingName, unknown>> = {};
  for (const name of SETTING_NAMES) {
    const { variable, schema } = SETTINGS[name];
    const text = environment[variable];
    if (text === undefined || text === "") continue;
    const value: unknown = schema instanceof z.ZodNumber ? toNumber(text) : text;
    pinned[name] = parseOne(variable, value, schema, takesOf(name), text);
  }
  return {
    fixed: fixed as Fixed,
    pinned: pinned as Partial<Settings>,
    production: environment.NODE_ENV === "production",
  };
}

/** The environment of this process: the only place that reads it. */
export function readEnv(): Env {
  return parseEnv(process.env);
}

function parseOne(name: string, value: unknown, schema: z.ZodType, takes: string, text: unknown = value): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // Secrets must not appear in a terminal or a log.
  const got = /KEY|URL/.test(name) ? `${String(text).length} characters` : JSON.stringify(text);
  throw new EnvError(`${name}: got ${got}, expected ${takes}`);
}

const toNumber = (text: string): number => (/^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN);

function takesOf(name: SettingName): string {
  const { minimum, maximum, choices } = settingRange(name);
  const { unit } = SETTINGS[name];
  return choices?.join(" or ") ?? `a number from ${minimum} to ${maximum}${unit ? ` (${unit})` : ""}`;
}
