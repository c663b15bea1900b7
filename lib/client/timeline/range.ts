/** The spans that the range picker offers, shortest first: `[` and `]` step through them. */
export const RANGES = ["5m", "15m", "1h", "6h", "24h", "7d", "30d"] as const;
export type Range = (typeof RANGES)[number];

const MINUTE = 60_000;
const SPAN_MS: Record<Range, number> = {
  "5m": 5 * MINUTE,
  "15m": 15 * MINUTE,
  "1h": 60 * MINUTE,
  "6h": 360 * MINUTE,
  "24h": 1440 * MINUTE,
  "7d": 7 * 1440 * MINUTE,
  "30d": 30 * 1440 * MINUTE,
};

export const RANGE_NAMES: Record<Range, string> = {
  "5m": "Last 5 minutes",
  "15m": "Last 15 minutes",
  "1h": "Last hour",
  "6h": "Last 6 hours",
  "24h": "Last 24 hours",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
};

export function rangeSpanMs(range: Range): number {
  return SPAN_MS[range];
}

/** The neighbour in the given direction; the ends hold. */
export function stepRange(range: Range, direction: -1 | 1): Range {
  const index = RANGES.indexOf(range) + direction;
  return RANGES[Math.min(Math.max(index, 0), RANGES.length - 1)] ?? range;
}

/** A chart never draws more: beyond it, points share a pixel column. */
export const MAX_POINTS = 600;

const NICE_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 86_400] as const;

/** The smallest round step with which a span needs at most `MAX_POINTS` points. */
export function stepSecondsFor(spanMs: number): number {
  const needed = spanMs / 1000 / MAX_POINTS;
  return NICE_SECONDS.find((step) => step >= needed) ?? 86_400;
}
