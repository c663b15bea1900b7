import type { MemoryAlert } from "../../contracts/events.ts";
import type { Forecast, OptimizationRun } from "../../contracts/memory.ts";
import type { Clock } from "../../shared/clock.ts";
import { ELEVATED_RATIO } from "../../shared/levels.ts";
import type { OptimizeRequest } from "../relief/optimizer.ts";

export const UPKEEP_MS = 300_000;
/** An episode ends this far below where it began. */
const HYSTERESIS = 0.05;
/** A run under pressure goes down to here, so that the next one is not due at once. */
const RELIEVED_RATIO = ELEVATED_RATIO;
const COOL_DOWN_MS = 60_000;
const LONGEST_COOL_DOWN_MS = 16 * COOL_DOWN_MS;
/** A run that freed less than this share of what it was to free makes the next wait twice as long. */
const WORTHWHILE_SHARE = 0.5;
/** Certain to be at the limit so soon: losing nothing, make room now. */
const FORECAST_SECONDS = 600;
const FORECAST_GAP_MS = 15 * 60_000;

const SYSTEM = "system";

export interface AutomaticOptions {
  clock: Clock;
  optimize(request: OptimizeRequest): Promise<OptimizationRun>;
  limitBytes(): number;
  /** Above this share of the limit it acts (`HEADROOM_OPTIMIZE_AT_RATIO`). */
  atRatio(): number;
  onAlert(alert: MemoryAlert): void;
  /** A run that could not even begin; the runtime logs it. */
  onError(error: unknown): void;
}

interface Episode {
  coolDownMs: number;
  nextAtMs: number;
}

/** Starts runs by itself: under pressure, before it, and every five minutes for what has expired. */
export class AutomaticOptimizer {
  readonly #options: AutomaticOptions;
  #episode: Episode | null = null;
  #running = false;
  #upkeepAtMs = Number.POSITIVE_INFINITY;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #forecastFromMs = Number.NEGATIVE_INFINITY;

  constructor(options: AutomaticOptions) {
    this.#options = options;
  }

  /** Begins the upkeep; the returned function ends it. */
  start(): () => void {
    const { clock } = this.#options;
    this.#upkeepAtMs = clock.monotonicMs() + UPKEEP_MS;
    return clock.every(UPKEEP_MS, () => {
      this.#upkeepAtMs = clock.monotonicMs() + UPKEEP_MS;
      void this.#run({ trigger: "scheduled", actor: SYSTEM, steps: ["expire"] });
    });
  }

  /** When it may next act: at the end of the cool-down in an episode of pressure, else with the next upkeep. */
  get nextAutomaticAt(): string | null {
    const { clock } = this.#options;
    const dueMs = Math.min(this.#upkeepAtMs, this.#episode?.nextAtMs ?? Number.POSITIVE_INFINITY);
    if (!Number.isFinite(dueMs)) return null;
    return new Date(clock.nowMs() + Math.max(0, dueMs - clock.monotonicMs())).toISOString();
  }

  /** Told of each reading of usage. */
  observe(usedRatio: number): void {
    const { clock, atRatio, onAlert } = this.#options;
    if (!Number.isFinite(usedRatio) || usedRatio < 0) return;
    const at = atRatio();
    if (this.#episode && usedRatio < at - HYSTERESIS) this.#episode = null;
    if (usedRatio <= at) return;
    if (!this.#episode) {
      this.#episode = { coolDownMs: COOL_DOWN_MS, nextAtMs: Math.max(clock.monotonicMs(), this.#restUntilMs) };
      const message = `Memory is at ${Math.round(usedRatio * 100)} % of its limit, above ${Math.round(at * 100)} %.`;
      onAlert({ level: "critical", usedRatio, message, at: new Date(clock.nowMs()).toISOString() });
    }
    if (!this.#running && clock.monotonicMs() >= this.#episode.nextAtMs) void this.#relieve(at);
  }

  /** Told of each forecast. Below the level that a run would go down to there is room enough to grow into. */
  expect(forecast: Forecast, usedRatio: number): void {
    const { clock } = this.#options;
    if (forecast.high === null || forecast.high > FORECAST_SECONDS || usedRatio < RELIEVED_RATIO) return;
    if (this.#running || this.#episode || clock.monotonicMs() < this.#forecastFromMs) return;
    this.#forecastFromMs = clock.monotonicMs() + FORECAST_GAP_MS;
    void this.#run({ trigger: "forecast", actor: SYSTEM });
  }

  async #relieve(at: number): Promise<void> {
    const targetRatio = Math.min(RELIEVED_RATIO, at - HYSTERESIS);
    const run = await this.#run({ trigger: "pressure", actor: SYSTEM, targetRatio });
    // A minute apart across episodes too: usage that swings over both edges must not become a loop of collections.
    this.#restUntilMs = this.#options.clock.monotonicMs() + COOL_DOWN_MS;
    // What was ended meanwhile by falling usage is over: its cool-down must not slow the next episode.
    const episode = this.#episode;
    if (!episode) return;
    const neededBytes = run
      ? run.before.usedBytes - targetRatio * this.#options.limitBytes()
      : Number.POSITIVE_INFINITY;
    const worthwhile = run !== null && run.rssFreedBytes >= WORTHWHILE_SHARE * neededBytes;
    episode.coolDownMs = worthwhile ? COOL_DOWN_MS : Math.min(LONGEST_COOL_DOWN_MS, episode.coolDownMs * 2);
    episode.nextAtMs = this.#options.clock.monotonicMs() + episode.coolDownMs;
  }

  async #run(request: OptimizeRequest): Promise<OptimizationRun | null> {
    const upkeep = request.trigger === "scheduled";
    if (!upkeep) this.#running = true;
    try {
      return await this.#options.optimize(request);
    } catch (error) {
      this.#options.onError(error);
      return null;
    } finally {
      if (!upkeep) this.#running = false;
    }
  }
}
