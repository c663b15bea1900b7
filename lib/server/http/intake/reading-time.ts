import type { Server } from "node:http";
import type { Clock } from "../../../shared/clock.ts";

const TICK_MS = 500;

/**
 * Time during which this process could read client data. Time by which the event loop is late does not
 * count, so that a client is not blamed for a slow server.
 */
export class ReadingTime implements Pick<Clock, "monotonicMs" | "every"> {
  readonly #clock: Pick<Clock, "monotonicMs" | "every">;
  readonly #windowMs: number;
  /** Times of the last ticks, oldest first: as many as fit into the window. */
  readonly #ticks: number[];
  #readMs = 0;

  constructor(clock: Pick<Clock, "monotonicMs" | "every">, windowMs: number) {
    this.#clock = clock;
    this.#windowMs = windowMs;
    this.#ticks = [clock.monotonicMs()];
  }

  /** Counts until the returned function is called. */
  start(): () => void {
    return this.#clock.every(TICK_MS, () => this.#tick());
  }

  every(periodMs: number, run: () => void): () => void {
    return this.#clock.every(periodMs, run);
  }

  monotonicMs(): number {
    return this.#readMs + Math.min(TICK_MS, this.#sinceTickMs());
  }

  /** The current value of a timeout of the window's length: longer by the time that the loop was late. */
  get timeoutMs(): number {
    const sinceOldestMs = this.#clock.monotonicMs() - (this.#ticks[0] ?? 0);
    const isFull = (this.#ticks.length + 1) * TICK_MS > this.#windowMs;
    return Math.ceil(isFull ? Math.max(this.#windowMs, sinceOldestMs) : this.#windowMs + sinceOldestMs);
  }

  #sinceTickMs(): number {
    return this.#clock.monotonicMs() - (this.#ticks.at(-1) ?? 0);
  }

  #tick(): void {
    this.#readMs = this.monotonicMs();
    this.#ticks.push(this.#clock.monotonicMs());
    if (this.#ticks.length * TICK_MS > this.#windowMs) this.#ticks.shift();
  }
}

/**
 * Makes a server close connections whose headers take longer than the window, counting only time in which it could
 * read.
 */
export function timeHeaders(server: Server, reading: ReadingTime): void {
  // Node reads this property each time it checks for slow connections.
  Object.defineProperty(server, "headersTimeout", { get: () => reading.timeoutMs });
}
