import type { IncomingMessage } from "node:http";
import type { Clock } from "../../../shared/clock.ts";

const CHECK_MS = 500;

type ArrivalClock = Pick<Clock, "monotonicMs" | "every">;

/**
 * Requests whose bodies are arriving, in order of their start. A check every half second finds those that take
 * too long; a timer per request would add a tenth to the cost of a small write. Bounded by the number of connections.
 */
export class Arrivals {
  readonly #clock: ArrivalClock;
  readonly #timeoutMs: number;
  readonly #begun = new Map<IncomingMessage, { atMs: number; onLate: () => void }>();

  constructor(clock: ArrivalClock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#begun.size;
  }

  /** Calls `onLate` if the request's body has not arrived in time. */
  expect(request: IncomingMessage, onLate: () => void): void {
    this.#begun.set(request, { atMs: this.#clock.monotonicMs(), onLate });
    // Node closes a request when it has been read to its end, and when its connection is lost.
    request.once("close", () => this.#begun.delete(request));
  }

  /** @returns a function that stops the checks. */
  start(): () => void {
    return this.#clock.every(CHECK_MS, () => this.#check());
  }

  #check(): void {
    const latestMs = this.#clock.monotonicMs() - this.#timeoutMs;
    for (const [request, { atMs, onLate }] of this.#begun) {
      if (atMs > latestMs) return;
      this.#begun.delete(request);
      if (!request.complete) onLate();
    }
  }
}
