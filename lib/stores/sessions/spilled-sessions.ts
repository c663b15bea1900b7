import type { SessionEnd } from "../../ports/session-rows.ts";
import type { WriteQueue } from "./write-queue.ts";

/** What the sessions in memory tell when one of them leaves. */
export interface Departures {
  /** Live sessions that are in the database only. */
  readonly spilledItems: number;
  /** Whether the last use of one more session that leaves can be kept. */
  readonly canKeepUse: boolean;
  /** A session is about to leave for want of room: the last moment to look at its data. Must not come back to memory. */
  leaving(id: string): void;
  /** A session has left for want of room; it is in the database, its last use perhaps not. */
  left(id: string, lastUsedAtMs: number, useIsSaved: boolean): void;
  /** A session's time was up. */
  expired(id: string, end: SessionEnd | null): void;
}

/** Hands what leaves memory to the queue, and counts what is in the database only. */
export class SpilledSessions implements Departures {
  readonly #queue: WriteQueue;
  /** Between two counts this may be a few off: rows expire by themselves. */
  #items = 0;

  constructor(queue: WriteQueue) {
    this.#queue = queue;
  }

  get spilledItems(): number {
    return Math.max(0, this.#items);
  }

  get canKeepUse(): boolean {
    return this.#queue.canKeepUse;
  }

  leaving(id: string): void {
    this.#queue.detach(id);
  }

  left(id: string, lastUsedAtMs: number, useIsSaved: boolean): void {
    this.#items++;
    if (!useIsSaved) this.#queue.keepUse({ kind: "use", id, lastUsedAtMs });
  }

  expired(id: string, end: SessionEnd | null): void {
    this.#queue.addDeletion(id, end);
  }

  /** One came back into memory, or was deleted where it lay. */
  taken(): void {
    this.#items--;
  }

  /** The database has counted. */
  counted(items: number): void {
    this.#items = items;
  }
}
