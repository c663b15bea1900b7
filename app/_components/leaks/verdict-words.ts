import type { LeakReport } from "../../../lib/contracts/memory.ts";
import { formatBytes } from "../../../lib/shared/bytes.ts";

type State = LeakReport["state"];
type Suspect = LeakReport["suspects"][number];

export const STATE_WORDS: Record<State, { word: string; tone: "ok" | "warn" | "crit" | "pending"; sentence: string }> =
  {
    "warming-up": {
      word: "Warming up",
      tone: "pending",
      sentence: "Too few samples yet: a verdict needs half an hour of them.",
    },
    clear: { word: "No leak", tone: "ok", sentence: "Nothing grows that stores, load or warm-up do not explain." },
    suspected: {
      word: "Suspected",
      tone: "warn",
      sentence: "Something has grown steadily, though not for long enough to be sure.",
    },
    confirmed: {
      word: "Confirmed",
      tone: "crit",
      sentence: "Memory leaks: it grew steadily, and nothing explains it.",
    },
  };

export const SERIES_WORDS: Record<Suspect["series"], string> = {
  heap: "JavaScript heap",
  external: "External memory",
  arrayBuffers: "Array buffers",
  native: "Native memory",
};

/** "3.1 MiB/h (2.8–3.4)": the slope with its 90 % interval. */
export function slopeWords({
  slopeBytesPerHour,
  slopeLow,
  slopeHigh,
}: Pick<Suspect, "slopeBytesPerHour" | "slopeLow" | "slopeHigh">): string {
  return `${formatBytes(slopeBytesPerHour)}/h (${formatBytes(slopeLow)} to ${formatBytes(slopeHigh)})`;
}

/** The last two parts of a path are enough to know it by; the whole is in the title. */
export function shortSite(site: string): string {
  return site.replace(/\((?:.*\/)?([^/]+\/[^/]+)\)$/, "($1)");
}
