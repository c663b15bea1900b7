import type { MemorySample } from "../../contracts/memory.ts";
import { CRITICAL_RATIO, ELEVATED_RATIO } from "../../shared/levels.ts";

export type Level = MemorySample["level"];

/** A level is left only 5 points below where it was entered, so that usage at an edge does not flap. */
const LEAVE_ELEVATED_RATIO = 0.65;
const LEAVE_CRITICAL_RATIO = 0.8;

/** normal below 0.70, elevated from 0.70, critical above 0.85; leaving takes 5 points more. */
export function nextLevel(previous: Level, usedRatio: number): Level {
  if (usedRatio > CRITICAL_RATIO) return "critical";
  if (previous === "critical" && usedRatio > LEAVE_CRITICAL_RATIO) return "critical";
  if (usedRatio >= ELEVATED_RATIO) return "elevated";
  if (previous !== "normal" && usedRatio >= LEAVE_ELEVATED_RATIO) return "elevated";
  return "normal";
}

export interface EffectiveLimit {
  limitBytes: number;
  limitSource: MemorySample["limitSource"];
}

/** The configured limit, or the container's where that is lower. */
export function effectiveLimit(configuredBytes: number, containerBytes: number | null): EffectiveLimit {
  return containerBytes !== null && containerBytes < configuredBytes
    ? { limitBytes: containerBytes, limitSource: "container" }
    : { limitBytes: configuredBytes, limitSource: "configured" };
}
