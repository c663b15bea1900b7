// Start flags and allocator settings for the memory limit in force. Built-ins only: the launcher runs before anything
// is installed. docs/internals/garbage-collection.md has what each choice is worth.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const MIB = 2 ** 20;
const DEFAULT_LIMIT_MB = 1024;
/** Our own idle heap is about 60 MB; below this cap V8 would spend its time collecting. */
const LEAST_OLD_SPACE_MB = 96;
/** glibc's initial threshold. Setting it stops glibc from raising it, so that a slab that is released is unmapped. */
const MMAP_THRESHOLD_BYTES = 128 * 1024;

/**
 * Sizes in MiB by limit. The minimum counts more than the maximum: V8 starts at 1 MB and grows only for objects that
 * survive, so requests whose garbage dies young are scavenged at a few MB however high the maximum is. A collection at rest
 * brings it back to the minimum, so the two are one.
 */
const SEMI_SPACE = [
  { fromLimitMb: 768, minimum: 32, maximum: 32 },
  { fromLimitMb: 384, minimum: 16, maximum: 16 },
  { fromLimitMb: 0, minimum: 8, maximum: 8 },
];

/**
 * What the old generation may grow by before it is marked again, in percent, where the limit leaves room for it. V8 takes less the
 * fewer objects are promoted: 20 % of our 40 MB, which the buffers of two scavenges use up, so that it marked at every other one.
 */
const HEAP_GROWTH = { fromLimitMb: 384, percent: 60 };

/** The young generation is two semi-spaces and one more for large new objects. */
const YOUNG_SEMI_SPACES = 3;

/** `--max-semi-space-size=8` and `--max_semi_space_size 8` name the same flag. */
function namedFlags(words) {
  return new Set(words.filter((word) => word.startsWith("--")).map((word) => word.split("=")[0].replaceAll("_", "-")));
}

/**
 * What to start the server with.
 *
 * @param {{ limitBytes: number, environment?: Record<string, string | undefined>, execArgv?: readonly string[] }} options
 *   `limitBytes` is the effective limit; a flag or variable that the user has set already is left to the user.
 * @returns {{ flags: string[], env: Record<string, string> }} nothing at all with `HEADROOM_GC_TUNING=off`.
 */
export function chooseGcFlags({ limitBytes, environment = {}, execArgv = [] }) {
  if (isOff(environment.HEADROOM_GC_TUNING)) return { flags: [], env: {} };
  const limitMb = limitBytes / MIB;
  const semiSpace = SEMI_SPACE.find(({ fromLimitMb }) => limitMb >= fromLimitMb) ?? SEMI_SPACE[SEMI_SPACE.length - 1];
  // As high as the limit allows: RSS, which the optimizer watches, must reach the limit before V8 gives up on its heap.
  const oldSpaceMb = Math.max(LEAST_OLD_SPACE_MB, Math.floor(limitMb - YOUNG_SEMI_SPACES * semiSpace.maximum));
  const chosen = {
    "--min-semi-space-size": semiSpace.minimum,
    "--max-semi-space-size": semiSpace.maximum,
    "--max-old-space-size": oldSpaceMb,
    ...(limitMb >= HEAP_GROWTH.fromLimitMb ? { "--heap-growing-percent": HEAP_GROWTH.percent } : {}),
  };
  const theirs = namedFlags([...(environment.NODE_OPTIONS ?? "").split(/\s+/), ...execArgv]);
  // A maximum of the user's below our minimum would contradict it: the pair is theirs once they touch either.
  const pair = ["--min-semi-space-size", "--max-semi-space-size"];
  const taken = (flag) => theirs.has(flag) || (pair.includes(flag) && pair.some((other) => theirs.has(other)));
  const flags = Object.entries(chosen)
    .filter(([flag]) => !taken(flag))
    .map(([flag, size]) => `${flag}=${size}`);
  const env = environment.MALLOC_MMAP_THRESHOLD_ ? {} : { MALLOC_MMAP_THRESHOLD_: String(MMAP_THRESHOLD_BYTES) };
  return { flags, env };
}

function isOff(value) {
  return ["off", "0", "false", "no"].includes((value ?? "").toLowerCase());
}

/**
 * The smaller of the configured limit and the container's, in bytes, as the server itself will find it at start.
 *
 * @param {Record<string, string | undefined>} environment
 * @param {{ constrained?: number, machine?: number }} machine what Node says; more than the machine has means no limit.
 */
export function effectiveLimitBytes(environment, { constrained = 0, machine = Number.POSITIVE_INFINITY } = {}) {
  const configuredMb = Number(environment.HEADROOM_MEMORY_LIMIT_MB ?? DEFAULT_LIMIT_MB);
  const configured = (Number.isFinite(configuredMb) && configuredMb > 0 ? configuredMb : DEFAULT_LIMIT_MB) * MIB;
  const root = environment.HEADROOM_CGROUP_ROOT;
  const container = root ? readCgroupLimit(root) : constrained;
  return container > 0 && container <= machine ? Math.min(configured, container) : configured;
}

/** Version 2 keeps `memory.max` at the root, version 1 its limit under `memory/`; 0 where there is neither or "max". */
function readCgroupLimit(root) {
  for (const path of ["memory.max", join("memory", "memory.limit_in_bytes")]) {
    try {
      const bytes = Number(readFileSync(join(root, path), "utf8").trim());
      return Number.isFinite(bytes) && bytes > 0 ? bytes : 0;
    } catch (error) {
      if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
    }
  }
  return 0;
}
