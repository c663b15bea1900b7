import { formatBytes, MIB } from "../../shared/bytes.ts";
import { formatDuration } from "../../shared/duration.ts";
import { CRITICAL_RATIO, ELEVATED_RATIO } from "../../shared/levels.ts";
import { found, percent } from "./doctor-finding.ts";
import type { Rule } from "./doctor-observation.ts";
import { storeRules } from "./doctor-store-rules.ts";

const usageHigh: Rule = ({ sample }) => {
  if (sample.usedRatio < ELEVATED_RATIO) return null;
  const largest = sample.breakdown.toSorted((a, b) => b.bytes - a.bytes)[0];
  const critical = sample.usedRatio > CRITICAL_RATIO;
  return found({
    rule: "usage-high",
    severity: critical ? "critical" : "warning",
    value: sample.usedRatio,
    threshold: critical ? CRITICAL_RATIO : ELEVATED_RATIO,
    cause: `${percent(sample.usedRatio)} of the limit is in use; ${largest?.component ?? "nothing"} holds the most, ${formatBytes(largest?.bytes ?? 0)}.`,
    action: "Run Optimize now, lower the maximum size of the largest store, or raise the limit.",
    expected: `Usage back under ${percent(ELEVATED_RATIO)}.`,
    panel: "optimizer",
  });
};

const SOON_SECONDS = 3600;
const DAY_SECONDS = 86_400;

const limitAhead: Rule = ({ forecast }) => {
  const seconds = forecast?.secondsToLimit ?? null;
  if (seconds === null || seconds > DAY_SECONDS) return null;
  const soon = seconds <= SOON_SECONDS;
  return found({
    rule: "limit-ahead",
    severity: soon ? "critical" : "warning",
    value: seconds,
    threshold: soon ? SOON_SECONDS : DAY_SECONDS,
    cause: `At the current growth the limit is reached in ${formatDuration(seconds)} (${formatDuration(forecast?.low ?? 0)} to ${formatDuration(forecast?.high ?? 0)}).`,
    action: "Find the growing component in the breakdown, then lower its maximum size or raise the limit.",
    expected: "No growth toward the limit.",
    panel: "forecast",
  });
};

const leak: Rule = ({ leaks }) => {
  if (leaks?.state !== "suspected" && leaks?.state !== "confirmed") return null;
  const suspect = leaks.suspects[0];
  if (!suspect) return null;
  const site = suspect.attribution[0]?.site;
  return found({
    rule: "leak",
    severity: leaks.state === "confirmed" ? "critical" : "warning",
    value: suspect.slopeBytesPerHour,
    threshold: 0,
    cause: `${suspect.series} grows by ${formatBytes(suspect.slopeBytesPerHour)} per hour that no store accounts for${site ? `, most of it from ${site}` : ""}.`,
    action: "Take an allocation profile and check the sites that keep growing.",
    expected: "Only growth that the stores account for.",
    panel: "leaks",
  });
};

/** A heap this full makes V8 collect all the time, and die at 100 %. */
const HEAP_FULL_RATIO = 0.85;

const heapNearCap: Rule = ({ sample: { process: figures } }) => {
  const ratio = figures.heapLimitBytes > 0 ? figures.heapUsedBytes / figures.heapLimitBytes : 0;
  if (ratio < HEAP_FULL_RATIO) return null;
  return found({
    rule: "heap-near-cap",
    severity: "critical",
    value: ratio,
    threshold: HEAP_FULL_RATIO,
    cause: `The JavaScript heap uses ${formatBytes(figures.heapUsedBytes)} of the ${formatBytes(figures.heapLimitBytes)} that V8 was started with.`,
    action: "Restart with a higher memory limit; the launcher derives the heap limit from it.",
    expected: `Heap usage below ${percent(HEAP_FULL_RATIO)} of its limit.`,
    panel: "collections",
  });
};

const PAUSE_SHARE = 0.05;

const collectionsCostly: Rule = ({ sample, sincePreviousMs }) => {
  if (sincePreviousMs <= 0) return null;
  const share = sample.gc.pauseMs / sincePreviousMs;
  if (share < PAUSE_SHARE) return null;
  return found({
    rule: "collections-costly",
    severity: "warning",
    value: share,
    threshold: PAUSE_SHARE,
    cause: `${percent(share)} of the time went into ${sample.gc.minorCount + sample.gc.majorCount} garbage collections.`,
    action: "Raise the limit or lower the maximum sizes of the stores, and check that GC tuning is on.",
    expected: `Less than ${percent(PAUSE_SHARE)} of the time in garbage collections.`,
    panel: "collections",
  });
};

const LATE_MS = 200;

const loopLate: Rule = ({ sample }) => {
  const delay = sample.eventLoop.delayP99Ms;
  if (delay < LATE_MS) return null;
  return found({
    rule: "event-loop-late",
    severity: "warning",
    value: delay,
    threshold: LATE_MS,
    cause: `One in a hundred turns of the event loop is ${Math.round(delay)} ms late.`,
    action: "Send large bodies as streams, or spread the load over more processes.",
    expected: `Delays under ${LATE_MS} ms.`,
    panel: "overview",
  });
};

const UNATTRIBUTED_RATIO = 0.3;

const unattributed: Rule = ({ sample }) => {
  const bytes = sample.breakdown.find(({ component }) => component === "unattributed")?.bytes ?? 0;
  const ratio = bytes / sample.limitBytes;
  if (ratio < UNATTRIBUTED_RATIO) return null;
  return found({
    rule: "unattributed",
    severity: "warning",
    value: ratio,
    threshold: UNATTRIBUTED_RATIO,
    cause: `${formatBytes(bytes)} belong neither to a store nor to the runtime's initial memory.`,
    action: "Run Optimize to collect garbage. If the memory stays in use, take an allocation profile.",
    expected: `Under ${percent(UNATTRIBUTED_RATIO)} of the limit.`,
    panel: "breakdown",
  });
};

const containerLower: Rule = ({ sample, configuredLimitBytes }) => {
  if (sample.limitSource !== "container") return null;
  return found({
    rule: "container-lower",
    severity: "info",
    value: sample.limitBytes,
    threshold: configuredLimitBytes,
    cause: `The container allows ${formatBytes(sample.limitBytes)}, less than the configured ${formatBytes(configuredLimitBytes)}; the lower limit applies.`,
    action: "Raise the container's limit, or configure the lower limit, so that both agree.",
    expected: "One limit.",
    panel: "settings",
    setting: { key: "memoryLimitMb", value: Math.floor(sample.limitBytes / MIB) },
  });
};

const refusing: Rule = ({ refusedWrites }) => {
  if (refusedWrites <= 0) return null;
  return found({
    rule: "writes-refused",
    severity: "critical",
    value: refusedWrites,
    threshold: 0,
    cause: `${refusedWrites} writes were refused with 503 since the previous sample, because memory was at its hard limit.`,
    action: "Raise the limit, lower the maximum sizes of the stores, or reduce the load.",
    expected: "No refused writes.",
    panel: "optimizer",
  });
};

const LITTLE_SHARE = 0.5;

const freesTooLittle: Rule = ({ lastRun, sample }) => {
  if (lastRun?.trigger !== "pressure" || lastRun.targetRatio === null) return null;
  const needed = lastRun.before.usedBytes - lastRun.targetRatio * sample.limitBytes;
  const share = needed > 0 ? lastRun.rssFreedBytes / needed : 1;
  if (share >= LITTLE_SHARE) return null;
  return found({
    rule: "optimizing-frees-little",
    severity: "warning",
    value: share,
    threshold: LITTLE_SHARE,
    cause: lastRun.note ?? `The last run under pressure freed ${percent(Math.max(0, share))} of what was needed.`,
    action: "The stores have little left to free. Raise the limit, or find out what uses the remaining memory.",
    expected: `Runs that free at least ${percent(LITTLE_SHARE)} of what is needed.`,
    panel: "optimizer",
  });
};

export const RULES: readonly Rule[] = [
  refusing,
  usageHigh,
  limitAhead,
  leak,
  heapNearCap,
  freesTooLittle,
  collectionsCostly,
  loopLate,
  unattributed,
  storeRules,
  containerLower,
];
