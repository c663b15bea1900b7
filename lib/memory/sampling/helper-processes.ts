import { readFileSync } from "node:fs";

const PAGE_BYTES = 4096;

/** The helper processes that this one started: their memory is ours. */
export class HelperProcesses {
  readonly #pids = new Map<number, string>();

  /** @returns the unregister, for when the process has ended. */
  register(pid: number, name: string): () => void {
    this.#pids.set(pid, name);
    return () => this.#pids.delete(pid);
  }

  get running(): number {
    return this.#pids.size;
  }

  /** RSS of all helpers; one that has just ended counts nothing. */
  rssBytes(): number {
    let sum = 0;
    for (const pid of this.#pids.keys()) sum += rssOf(pid);
    return sum;
  }
}

function rssOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;
  } catch {
    // It ended between the listing and the look.
    return 0;
  }
}
