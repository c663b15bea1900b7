import type { OptimizationRun } from "../contracts/memory.ts";

/** The stored history of optimization runs. */
export interface RunLog {
  /** Resolves when the run is durable. */
  append(run: OptimizationRun): Promise<void>;
  find(id: string): Promise<OptimizationRun | null>;
  /** Newest first; `before` is the id of the last one seen. */
  list(page: { limit: number; before?: string }): Promise<OptimizationRun[]>;
}
