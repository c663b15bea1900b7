import type { Clock } from "../shared/clock.ts";

interface Alarm {
  dueMs: number;
  periodMs: number | null;
  run: () => void;
}

/** A clock that moves only when told to: tests and simulations run hours in milliseconds. */
export class FakeClock implements Clock {
  #monotonicMs = 0;
  #wallOffsetMs: number;
  readonly #alarms = new Set<Alarm>();

  constructor(startAtMs = Date.UTC(2026, 0, 1)) {
    this.#wallOffsetMs = startAtMs;
  }

  nowMs(): number {
    return this.#wallOffsetMs + this.#monotonicMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  every(periodMs: number, run: () => void): () => void {
    return this.#set({ dueMs: this.#monotonicMs + periodMs, periodMs, run });
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#set({ dueMs: this.#monotonicMs + delayMs, periodMs: null, run });
  }

  /** Moves both clocks forward and fires what falls due, in order. */
  advance(byMs: number): void {
    const untilMs = this.#monotonicMs + byMs;
    for (let next = this.#nextDue(untilMs); next; next = this.#nextDue(untilMs)) {
      this.#monotonicMs = Math.max(this.#monotonicMs, next.dueMs);
      if (next.periodMs === null) this.#alarms.delete(next);
      else next.dueMs += next.periodMs;
      next.run();
    }
    this.#monotonicMs = untilMs;
  }

  /** Time passes while nothing runs, as for a stopped process: what fell due meanwhile fires once, at the end. */
  stall(byMs: number): void {
    this.#monotonicMs += byMs;
    for (const alarm of [...this.#alarms]) {
      if (alarm.dueMs > this.#monotonicMs) continue;
      if (alarm.periodMs === null) this.#alarms.delete(alarm);
      else alarm.dueMs = this.#monotonicMs + alarm.periodMs;
      alarm.run();
    }
  }

  /** Moves the wall clock alone, as an administrator or a time server would. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  #set(alarm: Alarm): () => void {
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  #nextDue(untilMs: number): Alarm | undefined {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.dueMs <= untilMs && (!next || alarm.dueMs < next.dueMs)) next = alarm;
    }
    return next;
  }
}
