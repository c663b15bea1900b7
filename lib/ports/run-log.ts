import type { OptimizationRun } from "../contracts/memory.ts";

/** The stored history of optimization runs. Runs stand in the order in which they were appended, which is that of their ends. */
export interface RunLog {
  /** Resolves when the run is durable. Over 10,000 runs, the oldest goes. */
  append(run: OptimizationRun): Promise<void>;
  find(id: string): Promise<OptimizationRun | null>;
  /** Newest first; `before` is the id of the last one seen. One that is not kept any more has none before it. */
  list(page: { limit: number; before?: string }): Promise<OptimizationRun[]>;
}
