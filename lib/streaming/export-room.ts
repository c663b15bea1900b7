import { mayTake } from "../shared/fair-shares.ts";
import type { ByteBudget } from "./byte-budget.ts";

/**
 * The memory of exports: at most half of the streams', so that streams go on beside them. Each namespace leaves the others
 * room in it. One alone may take more, up to all of it: a cached body can be larger than half. Holds one number for each namespace
 * with an export.
 */
export class ExportRoom {
  readonly #budget: ByteBudget;
  readonly #held = new Map<string, number>();
  #heldBytes = 0;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /**
   * Takes memory for one export, waiting for streams to give it. What is larger than all that streams have counts as all of it.
   *
   * @returns what gives it back; null where exports hold their room, or no stream gave any in time.
   */
  async reserve(wantedBytes: number, namespace: string, signal: AbortSignal): Promise<(() => void) | null> {
    const ceiling = Math.floor(this.#budget.ceilingBytes / 2);
    const bytes = Math.min(wantedBytes, this.#budget.ceilingBytes);
    const own = this.#held.get(namespace) ?? 0;
    // The first export of all is always possible, however small the room is.
    if (this.#heldBytes > 0 && !mayTake(bytes, own, ceiling - this.#heldBytes)) return null;
    this.#count(namespace, bytes);
    let isTaken = false;
    try {
      isTaken = await this.#budget.reserve(bytes, signal, namespace);
    } finally {
      if (!isTaken) this.#count(namespace, -bytes);
    }
    if (!isTaken) return null;
    return () => {
      this.#count(namespace, -bytes);
      this.#budget.release(bytes, namespace);
    };
  }

  #count(namespace: string, change: number): void {
    this.#heldBytes += change;
    const now = (this.#held.get(namespace) ?? 0) + change;
    if (now === 0) this.#held.delete(namespace);
    else this.#held.set(namespace, now);
  }
}
