import { formatBytes } from "../../../lib/shared/bytes.ts";
import { formatMilliseconds } from "../../../lib/shared/duration.ts";

export type Unit = "bytes" | "ms" | "ratio" | "count" | "perSecond";

const COUNT = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
const COMPACT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

/** A figure in full, for tooltips, legends and tables. */
export function formatFigure(value: number, unit: Unit): string {
  switch (unit) {
    case "bytes":
      return formatBytes(value);
    case "ms":
      return formatMilliseconds(value);
    case "ratio":
      return `${(value * 100).toFixed(1)} %`;
    case "count":
      return COUNT.format(value);
    case "perSecond":
      return `${COUNT.format(value)}/s`;
  }
}

/** The same, short enough for an axis. */
export function formatTick(value: number, unit: Unit): string {
  switch (unit) {
    case "bytes":
      return value === 0 ? "0" : formatBytes(value).replace(/\.0(?= )/, "");
    case "ms":
      return value === 0 ? "0" : formatMilliseconds(value).replace(/\.0+ |(\.\d*?)0+ /, "$1 ");
    case "ratio":
      return `${Math.round(value * 100)} %`;
    case "count":
    case "perSecond":
      return COMPACT.format(value);
  }
}

const SIZES_MIB = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768] as const;

/** Round ticks from 0 to at least `max`: powers of two for bytes, 1–2–5 for the rest; 4 to 6 of them. */
export function axisTicks(max: number, unit: Unit): number[] {
  const step = unit === "bytes" ? byteStep(max) : decimalStep(max);
  const count = Math.max(1, Math.ceil(max / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

function byteStep(max: number): number {
  const mib = 1024 * 1024;
  if (max < 4 * mib) return 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(max, 4) / 5)));
  const wanted = max / 5;
  return (SIZES_MIB.find((size) => size * mib >= wanted) ?? 65_536) * mib;
}

function decimalStep(max: number): number {
  if (max <= 0) return 1;
  const raw = max / 5;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  return ([1, 2, 5, 10].find((factor) => factor * magnitude >= raw) ?? 10) * magnitude;
}

/** Labels of a time axis: seconds for minutes, clock for hours, dates for days. In the viewer's zone. */
export function timeTickFormatter(spanMs: number): (atMs: number) => string {
  const options: Intl.DateTimeFormatOptions =
    spanMs <= 600_000
      ? { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }
      : spanMs <= 36 * 3_600_000
        ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }
        : { month: "short", day: "numeric" };
  const format = new Intl.DateTimeFormat(undefined, options);
  return (atMs) => format.format(atMs);
}

const TIME_STEPS_MS = [
  5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000,
].map((seconds) => seconds * 1000);

/** Round moments within the domain, in the viewer's zone, at most `most` of them. */
export function timeTicks(fromMs: number, toMs: number, most: number): number[] {
  const step = TIME_STEPS_MS.find((candidate) => (toMs - fromMs) / candidate <= most) ?? toMs - fromMs;
  const zoneMs = new Date(toMs).getTimezoneOffset() * 60_000;
  const first = Math.ceil((fromMs - zoneMs) / step) * step + zoneMs;
  const ticks: number[] = [];
  for (let at = first; at <= toMs; at += step) ticks.push(at);
  return ticks;
}
