import type { AuditView } from "../../../lib/contracts/audit.ts";
import type { OptimizationRun } from "../../../lib/contracts/memory.ts";
import type { Mark } from "../../_components/charts/series.ts";
import { runSentence } from "../../_components/optimizer/run-labels.ts";
import type { Tone } from "../../_components/ui/badge.tsx";

export interface RecentEvent {
  id: string;
  atMs: number;
  kind: string;
  tone: Tone;
  sentence: string;
}

export interface EventSources {
  runs: readonly OptimizationRun[];
  audit: readonly AuditView[];
  /** Milliseconds since the epoch. */
  restarts: readonly number[];
}

/** Told by the runs themselves, or of no interest after the fact. */
const TOLD_ELSEWHERE = new Set(["memory.optimize", "auth.sign-in"]);

/** All sources in one list, newest first. */
export function recentEvents({ runs, audit, restarts }: EventSources): RecentEvent[] {
  const events: RecentEvent[] = [
    ...runs.filter(({ dryRun }) => !dryRun).map(fromRun),
    ...audit.filter(({ action, outcome }) => outcome !== "done" || !TOLD_ELSEWHERE.has(action)).map(fromAudit),
    ...restarts.map((atMs) => ({
      id: `restart-${atMs}`,
      atMs,
      kind: "Restart",
      tone: "warn" as const,
      sentence: "The server restarted",
    })),
  ];
  return events.sort((a, b) => b.atMs - a.atMs);
}

/** The same as glyphs for the lane under the chart; runs link to their page. */
export function chartMarks({ runs, audit, restarts }: EventSources): Mark[] {
  return [
    ...runs
      .filter(({ dryRun }) => !dryRun)
      .map(
        (run): Mark => ({
          atMs: Date.parse(run.startedAt),
          kind: "optimization",
          label: runSentence(run),
          href: `/optimizer?run=${encodeURIComponent(run.id)}`,
        }),
      ),
    ...audit
      .filter(({ action, outcome }) => action.startsWith("settings.") && outcome === "done")
      .map((entry): Mark => ({ atMs: Date.parse(entry.at), kind: "settings", label: fromAudit(entry).sentence })),
    ...restarts.map((atMs): Mark => ({ atMs, kind: "restart", label: "The server restarted" })),
  ];
}

function fromRun(run: OptimizationRun): RecentEvent {
  const tone: Tone = run.state === "failed" ? "crit" : run.trigger === "pressure" ? "warn" : "ok";
  return { id: `run-${run.id}`, atMs: Date.parse(run.startedAt), kind: "Optimize", tone, sentence: runSentence(run) };
}

const AUDIT_KINDS: Readonly<Record<string, string>> = {
  settings: "Settings",
  keys: "Keys",
  auth: "Sign-in",
  memory: "Memory",
  profiles: "Profile",
};

function fromAudit(entry: AuditView): RecentEvent {
  const [area = ""] = entry.action.split(".");
  const outcome = entry.outcome === "done" ? "" : ` – ${entry.outcome}`;
  return {
    id: `audit-${entry.id}`,
    atMs: Date.parse(entry.at),
    kind: (Object.hasOwn(AUDIT_KINDS, area) ? AUDIT_KINDS[area] : undefined) ?? "Audit",
    tone: entry.outcome === "done" ? "info" : "warn",
    sentence: `${entry.actor}: ${entry.action} ${entry.target} ${entry.detail}`.trim() + outcome,
  };
}
