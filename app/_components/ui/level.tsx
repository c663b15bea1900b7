import type { MemorySample } from "../../../lib/contracts/memory.ts";
import { Badge, type Tone } from "./badge.tsx";

export type Level = MemorySample["level"];

export const LEVEL_TONE: Record<Level, Tone> = { normal: "ok", elevated: "warn", critical: "crit" };
export const LEVEL_WORD: Record<Level, string> = { normal: "Healthy", elevated: "Elevated", critical: "Critical" };

export function LevelBadge({ level }: { level: Level }) {
  return <Badge tone={LEVEL_TONE[level]}>{LEVEL_WORD[level]}</Badge>;
}
