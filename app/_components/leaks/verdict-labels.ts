import type { LeakReport, ServicesSummary } from "../../../lib/contracts/memory.ts";
import { formatBytes } from "../../../lib/shared/bytes.ts";

type State = LeakReport["state"];
type Suspect = LeakReport["suspects"][number];

interface Label {
  word: string;
  tone: "ok" | "warn" | "crit" | "pending";
  sentence: string;
}

export const STATE_LABELS: Record<State, Label> = {
  "warming-up": {
    word: "Warming up",
    tone: "pending",
    sentence: "Not enough samples yet; a verdict needs half an hour of samples.",
  },
  clear: { word: "No leak", tone: "ok", sentence: "All growth is explained by stores, load or warm-up." },
  suspected: {
    word: "Suspected",
    tone: "warn",
    sentence: "Memory has grown steadily, but not yet long enough to be certain.",
  },
  confirmed: {
    word: "Confirmed",
    tone: "crit",
    sentence: "Memory is leaking: it grew steadily without an explanation.",
  },
};

const NOT_WATCHED: Label = {
  word: "Not watched: no memory",
  tone: "warn",
  sentence: "Its samples are ignored: a watch needs 1 MiB, and none is left for this namespace.",
};

interface Verdict extends Pick<LeakReport, "state" | "before"> {
  silentSince?: string | null | undefined;
  notWatched?: "no-memory" | null | undefined;
}

/** A verdict in words, with what was said before a restart, and since when nothing was heard. */
export function verdictLabel(view: Verdict): Label {
  if (view.notWatched && !view.silentSince) return NOT_WATCHED;
  const label = view.before ? beforeLabel(view.state, view.before.state) : STATE_LABELS[view.state];
  if (!view.silentSince) return label;
  const since = timeLabel(view.silentSince);
  const known = view.before ? `was ${view.before.state}` : label.word.toLowerCase();
  const tone = label.tone === "crit" ? "crit" : "warn";
  const calm = view.state === "clear" && !view.before;
  return {
    word: calm ? `Silent since ${since}` : `Silent since ${since} (${known})`,
    tone,
    sentence: `Nothing has come since ${since}: what its memory does now is not known.`,
  };
}

function beforeLabel(state: State, before: "suspected" | "confirmed"): Label {
  const { word } = STATE_LABELS[state];
  return {
    word: `${word} (was ${before} before the restart)`,
    tone: before === "confirmed" ? "crit" : "warn",
    sentence: "The previous verdict applies until there are enough samples for a new one.",
  };
}

const MINUTES = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAYS = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** "00:40", with the day where it is not of the last 20 hours. */
function timeLabel(at: string): string {
  const ms = Date.parse(at);
  return (Date.now() - ms < 72_000_000 ? MINUTES : DAYS).format(ms);
}

/** "2 services leak", "1 service is suspected", "1 service is silent": the worst first; null when all is well. */
export function servicesLabel(services: ServicesSummary | undefined): { text: string; tone: "warn" | "crit" } | null {
  if (!services) return null;
  const { confirmed, formerly, suspected, silent } = services;
  const parts = [
    counted(confirmed.length, "service leaks", "services leak"),
    counted(formerly.length, "service leaked before a restart", "services leaked before a restart"),
    counted(suspected.length, "service is suspected", "services are suspected"),
    counted(silent.length, "service is silent", "services are silent"),
  ].filter((part) => part !== null);
  return parts.length === 0
    ? null
    : { text: parts.join(", "), tone: confirmed.length + formerly.length > 0 ? "crit" : "warn" };
}

const counted = (count: number, one: string, many: string) =>
  count === 0 ? null : `${count} ${count === 1 ? one : many}`;

export const SERIES_LABELS: Record<Suspect["series"], string> = {
  heap: "JavaScript heap",
  external: "External memory",
  arrayBuffers: "Array buffers",
  native: "Native memory",
};

/** "3.1 MiB/h (2.8–3.4)": the slope with its 90 % interval. */
export function slopeLabel({
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
