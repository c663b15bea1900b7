import type { SessionUse } from "../../ports/session-rows.ts";
import type { LastUses } from "./group-commit.ts";
import type { SessionTable } from "./session-table.ts";
import type { WriteQueue } from "./write-queue.ts";

/** Last uses go to the database this often, so that none waits for a second: a session in use all the time costs one row a turn. */
const EVERY_TICKS = 3;

/** Says when the last uses of the sessions in memory go to the database, and hands them over. */
export class DueUses implements LastUses {
  readonly #table: SessionTable;
  #ticks = 0;
  #areDue = false;

  constructor(table: SessionTable) {
    this.#table = table;
  }

  /** How many sessions have a use that is not saved. */
  get waiting(): number {
    return this.#table.unsavedUses.length;
  }

  /** A turn of the pool's clock; whether there is something to save now. */
  tick(): boolean {
    this.#ticks++;
    if (this.#ticks % EVERY_TICKS === 0) this.#areDue = true;
    return this.#areDue && this.waiting > 0;
  }

  /** They are to go along with the next commit, whatever the time. */
  demand(): void {
    this.#areDue = true;
  }

  /** Queues the last use of one session, whatever waits before it; false when it cannot be kept now. */
  saveNow(slot: number, queue: Pick<WriteQueue, "addUse">): boolean {
    const { ids, unsavedUses } = this.#table;
    const use = { kind: "use", id: ids.idOf(slot), lastUsedAtMs: this.#table.lastUsedAtMs(slot) } as const;
    if (!queue.addUse(use)) return false;
    unsavedUses.remove(slot);
    return true;
  }

  /** Hands over at most so many, the longest waiting first, until `queue` says no: what is left stays due. */
  collect(most: number, queue: (use: SessionUse) => boolean): void {
    const { ids, unsavedUses } = this.#table;
    if (!this.#areDue) return;
    for (let left = most; left > 0; left--) {
      const slot = unsavedUses.oldest;
      if (slot < 0) {
        this.#areDue = false;
        return;
      }
      if (!queue({ kind: "use", id: ids.idOf(slot), lastUsedAtMs: this.#table.lastUsedAtMs(slot) })) return;
      unsavedUses.remove(slot);
    }
  }
}
