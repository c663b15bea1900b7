/** The stored form of a stream's job: its definition, its progress, and the checkpoint to resume from. */
export interface StreamJobRow {
  id: string;
  nodeId: string;
  namespace: string;
  state: string;
  createdAtMs: number;
  /** Everything else, as JSON. */
  payload: string;
}

export interface StreamJobRows {
  /** Inserts or replaces. Over the bound, jobs of the namespace with the most jobs are removed and returned. */
  save(row: StreamJobRow): Promise<readonly string[]>;
  find(namespace: string, id: string): Promise<StreamJobRow | null>;
  /** Newest first, older than the position given. */
  list(
    namespace: string,
    options: { limit: number; before: { createdAtMs: number; id: string } | null; state: string | null },
  ): Promise<StreamJobRow[]>;
  /** Jobs of this node in one of the states. */
  inStates(nodeId: string, states: readonly string[]): Promise<StreamJobRow[]>;
}
