import type { Clock } from "../../shared/clock.ts";

const TICKS = 5;

interface Waiting {
  readonly sinceTick: number;
  reject(): void;
}

/**
 * A deadline for answers, in ticks of one timer. A timer for each would fire too early: when this process itself stood still,
 * the answer is there and only unread. Between two ticks the event loop reads what has come, however late they are.
 */
export class Deadlines {
  /** The one that waits longest first. */
  readonly #waiting = new Set<Waiting>();
  readonly #stop: () => void;
  #tick = 0;

  constructor(clock: Pick<Clock, "every">, deadlineMs: number) {
    this.#stop = clock.every(deadlineMs / TICKS, () => this.#next());
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** The outcome of `work`, or a rejection with `late` once its time is up. */
  within<Outcome>(work: Promise<Outcome>, late: () => Error): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const waiting = { sinceTick: this.#tick, reject: () => reject(late()) };
      this.#waiting.add(waiting);
      work.then(
        (outcome) => {
          this.#waiting.delete(waiting);
          resolve(outcome);
        },
        (error: unknown) => {
          this.#waiting.delete(waiting);
          reject(error);
        },
      );
    });
  }

  stop(): void {
    this.#stop();
  }

  #next(): void {
    this.#tick++;
    for (const waiting of this.#waiting) {
      // The first tick may have come at once.
      if (waiting.sinceTick + TICKS >= this.#tick) return;
      this.#waiting.delete(waiting);
      waiting.reject();
    }
  }
}
