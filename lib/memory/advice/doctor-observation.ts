import type {
  Forecast,
  LeakReport,
  MemorySample,
  OptimizationRun,
  Recommendation,
  StoreStats,
} from "../../contracts/memory.ts";

/** What the doctor looks at: readings that others have taken already. */
export interface Observation {
  sample: MemorySample;
  stores: readonly StoreStats[];
  forecast: Forecast | null;
  leaks: LeakReport | null;
  lastRun: OptimizationRun | null;
  configuredLimitBytes: number;
  atRatio: number;
  /** Writes refused at the hard bound, and milliseconds, since the previous sample. */
  refusedWrites: number;
  sincePreviousMs: number;
}

/** A rule says what it finds wrong, or null. It never throws and never guesses: no figure, no finding. */
export type Rule = (observation: Observation) => Recommendation | readonly Recommendation[] | null;
