/**
 * Time as a dependency. Timeouts and ages use `monotonicMs`, which no clock change moves;
 * `nowMs` is for what a person or another machine will read.
 */
export interface Clock {
  /** Wall-clock time, milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Milliseconds since some fixed point; never goes back. */
  monotonicMs(): number;
  /** Calls `run` every `periodMs` until the returned function is called. Never keeps the process alive. */
  every(periodMs: number, run: () => void): () => void;
  /** Calls `run` once after `delayMs` unless the returned function is called first. Never keeps the process alive. */
  after(delayMs: number, run: () => void): () => void;
}

/** `setTimeout` fires at once for anything longer (Node and browsers store 32 bits). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function detach(timer: unknown): void {
  // Only Node's timers can hold a process open, and only they have `unref`.
  if (typeof timer === "object" && timer !== null && "unref" in timer && typeof timer.unref === "function")
    timer.unref();
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  every(periodMs, run) {
    const timer = setInterval(run, Math.min(periodMs, LONGEST_TIMER_MS));
    detach(timer);
    return () => clearInterval(timer);
  },
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(delayMs, LONGEST_TIMER_MS));
    detach(timer);
    return () => clearTimeout(timer);
  },
};
