import { MAX_STREAM_JOBS, type StreamJobRow, type StreamJobRows } from "../ports/stream-job-rows.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const STAYS = ["queued", "running"];
const IS_OVER = ["completed", "cancelled"];

/** Rows of stream jobs in a map, each read and write a turn of the loop away. What makes room is chosen and deleted in one step. */
export class StreamJobRowsInMemory implements StreamJobRows {
  readonly table = new Map<string, StreamJobRow>();
  /** So many saves to come are refused. */
  failingSaves = 0;
  readonly #maxJobs: number;

  constructor(maxJobs = MAX_STREAM_JOBS) {
    this.#maxJobs = maxJobs;
  }

  async save(row: StreamJobRow): Promise<readonly string[]> {
    const { state, payload } = row;
    await turn();
    if (this.failingSaves-- > 0) throw new Error("no disk");
    this.table.set(row.id, { ...row, ...this.table.get(row.id), state, payload });
    const gone = this.#surplus(row.id);
    for (const id of gone) this.table.delete(id);
    return gone;
  }

  async find(namespace: string, id: string): Promise<StreamJobRow | null> {
    const row = this.table.get(id);
    await turn();
    return row?.namespace === namespace ? { ...row } : null;
  }

  async list(namespace: string, { limit, before, state }: Parameters<StreamJobRows["list"]>[1]) {
    const rows = [...this.table.values()].filter((row) => row.namespace === namespace);
    await turn();
    return rows
      .filter((row) => (state === null || row.state === state) && (before === null || newestFirst(before, row) < 0))
      .sort(newestFirst)
      .slice(0, limit);
  }

  async inStates(nodeId: string, states: readonly string[]) {
    await turn();
    return [...this.table.values()].filter((row) => row.nodeId === nodeId && states.includes(row.state));
  }

  #surplus(saved: string): string[] {
    const all = [...this.table.values()];
    const jobsOf = (namespace: string) => all.filter((row) => row.namespace === namespace).length;
    const order = ({ namespace, state, createdAtMs }: StreamJobRow) =>
      [-jobsOf(namespace), IS_OVER.includes(state) ? 0 : 1, createdAtMs] as const;
    const mayGo = all.filter(({ id, state }) => id !== saved && !STAYS.includes(state));
    mayGo.sort((a, b) => compare(order(a), order(b)) || compare([a.id], [b.id]));
    return mayGo.slice(0, Math.max(0, all.length - this.#maxJobs)).map(({ id }) => id);
  }
}

function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  const [one, other] = [a[at], b[at]];
  if (one === undefined || other === undefined) return 0;
  return one < other ? -1 : 1;
}

type Position = Pick<StreamJobRow, "createdAtMs" | "id">;
const newestFirst = (a: Position, b: Position): number => compare([b.createdAtMs, b.id], [a.createdAtMs, a.id]);
