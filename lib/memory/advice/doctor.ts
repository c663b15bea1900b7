import type { Recommendation } from "../../contracts/memory.ts";
import { formatBytes } from "../../shared/bytes.ts";
import type { Observation } from "./doctor-observation.ts";
import { RULES } from "./doctor-rules.ts";

const RANK: Record<Recommendation["severity"], number> = { critical: 0, warning: 1, info: 2 };

/** Every finding, worst first; one that says so when all is well. */
export function diagnose(observation: Observation): Recommendation[] {
  const findings = RULES.flatMap((rule) => rule(observation) ?? []);
  if (findings.length === 0) return [allIsWell(observation)];
  return findings.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]);
}

function allIsWell({ sample, atRatio }: Observation): Recommendation {
  return {
    rule: "all-is-well",
    severity: "info",
    value: sample.usedRatio,
    threshold: atRatio,
    cause: `${formatBytes(sample.usedBytes)} of ${formatBytes(sample.limitBytes)} in use, and no rule reported a problem.`,
    action: "Nothing to do.",
    expected: "Usage stays below the threshold.",
    panel: "overview",
    setting: null,
  };
}
