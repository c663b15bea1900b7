/** The stored form of a stream's job: its definition, its progress, and the checkpoint to resume from. */
export interface StreamJobRow {
  /** Unique over all namespaces and nodes. */
  id: string;
  nodeId: string;
  namespace: string;
  state: string;
  createdAtMs: number;
  /** Everything else, as JSON. */
  payload: string;
}

/** Jobs kept, over all namespaces. */
export const MAX_STREAM_JOBS = 1_000;

/** Jobs on disk. They are bounded together, and no job that is queued or runs goes. */
export interface StreamJobRows {
  /**
   * Inserts the job, or replaces its state and payload: whose it is and when it began stay. Over the bound, jobs of the
   * namespace with the most jobs are removed and returned: what is over before what can be resumed, the oldest first, and
   * never the saved one. Resolves once it is on disk.
   */
  save(row: StreamJobRow): Promise<readonly string[]>;
  find(namespace: string, id: string): Promise<StreamJobRow | null>;
  /** Newest first, and by id downwards where times are the same; older than the position given. */
  list(
    namespace: string,
    options: { limit: number; before: { createdAtMs: number; id: string } | null; state: string | null },
  ): Promise<StreamJobRow[]>;
  /** Jobs of this node in one of the states, of all namespaces, in any order. */
  inStates(nodeId: string, states: readonly string[]): Promise<StreamJobRow[]>;
}
