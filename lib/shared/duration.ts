const STEPS = [
  { limit: 90, unit: "s", size: 1 },
  { limit: 90 * 60, unit: "min", size: 60 },
  { limit: 36 * 3600, unit: "h", size: 3600 },
  { limit: Number.POSITIVE_INFINITY, unit: "d", size: 86_400 },
] as const;

/** A duration for people in its largest sensible unit: "12 s", "2 min", "7 h", "3 d". Negative spans count as 0. */
export function formatDuration(seconds: number): string {
  const span = Math.max(0, seconds);
  const step = STEPS.find(({ limit }) => span < limit) ?? STEPS[3];
  return `${Math.round(span / step.size)} ${step.unit}`;
}

/** "just now", "12 s ago", "in 3 min". */
export function formatAge(atMs: number, nowMs: number): string {
  const seconds = (nowMs - atMs) / 1000;
  if (Math.abs(seconds) < 1.5) return "just now";
  return seconds > 0 ? `${formatDuration(seconds)} ago` : `in ${formatDuration(-seconds)}`;
}

/** Milliseconds with the precision that matters: "0.42 ms", "12.3 ms", "1.20 s". */
export function formatMilliseconds(ms: number): string {
  if (Math.abs(ms) >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (Math.abs(ms) >= 100) return `${Math.round(ms)} ms`;
  return `${ms.toFixed(Math.abs(ms) >= 10 ? 1 : 2)} ms`;
}
