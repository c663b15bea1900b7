/** A stream's job as it is kept: what it is, where it stands, and from where it can go on. */
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
  /** Inserts or replaces; over the bound the namespace with most jobs gives, and those let go are named. */
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
