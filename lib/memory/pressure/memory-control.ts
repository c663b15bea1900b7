import type { MemoryAlert } from "../../contracts/events.ts";
import type {
  Forecast,
  LeakReport,
  MemoryReport,
  MemorySample,
  OptimizationRun,
  Recommendation,
  StoreStats,
} from "../../contracts/memory.ts";
import type { BoundedStore } from "../../ports/bounded-store.ts";
import type { RunLog } from "../../ports/run-log.ts";
import { formatBytes } from "../../shared/bytes.ts";
import type { Clock } from "../../shared/clock.ts";
import { ELEVATED_RATIO } from "../../shared/levels.ts";
import { diagnose } from "../advice/doctor.ts";
import { forecast, NO_FORECAST } from "../advice/forecast.ts";
import type { Ledger } from "../ledger.ts";
import { Optimizer } from "../relief/optimizer.ts";
import type { Reclaimer } from "../relief/reclaimer.ts";
import { UsageHistory } from "../sampling/usage-history.ts";
import { AutomaticOptimizer } from "./automatic-optimizer.ts";
import { effectiveLimit, type Level, nextLevel } from "./level.ts";
import { MemoryGate } from "./memory-gate.ts";

/** How often the container's limit is read between samples: it takes a few small files. */
const CONTAINER_MS = 1_000;
/** From here on the stores keep to what they have: whatever may be lost again stops growing first. */
const HOLD_RATIO = ELEVATED_RATIO - 0.03;

export interface MemoryControlOptions {
  clock: Clock;
  ledger: Ledger;
  stores(): readonly BoundedStore[];
  /** RSS of the process and its helpers, read now. */
  readUsedBytes(): number;
  heapUsed(): number;
  /** What gives memory back that no store holds; it may ask for the heap after V8's last full collection. */
  reclaimers(heapUsedAfterMajor: () => number | null): readonly Reclaimer[];
  heapUsedAfterMajor(): number | null;
  containerLimitBytes(): number | null;
  configuredLimitBytes(): number;
  atRatio(): number;
  log: Pick<RunLog, "append">;
  lastRun: OptimizationRun | null;
  newId(): string;
  onProgress(run: OptimizationRun): void;
  onDone(run: OptimizationRun): void;
  /** The level changed. */
  onAlert(alert: MemoryAlert): void;
  /** An episode of pressure began. */
  onEpisode(alert: MemoryAlert): void;
  onHardPressure(closed: boolean): void;
  onError(error: unknown): void;
}

/** Keeps the process within its limit: the gate for writes, the optimizer, what starts it, and what is told about both. */
export class MemoryControl {
  readonly gate: MemoryGate;
  readonly optimizer: Optimizer;
  readonly automatic: AutomaticOptimizer;
  readonly #options: MemoryControlOptions;
  readonly #history = new UsageHistory();
  #level: Level = "normal";
  #limitBytes: number;
  #limitReadAtMs: number;
  #heapAfterMajorBytes: number | null = null;
  #forecast: Forecast = NO_FORECAST;
  #recommendations: Recommendation[] | null = null;
  #previous: { atMs: number; refusals: number } | null = null;

  constructor(options: MemoryControlOptions) {
    const { clock, ledger, atRatio, onEpisode, onError } = options;
    this.#options = options;
    this.#limitBytes = this.#effectiveLimit();
    this.#limitReadAtMs = clock.monotonicMs();
    const limitBytes = () => this.#limitBytes;
    this.optimizer = new Optimizer(
      {
        clock,
        stores: options.stores,
        usage: () => ({
          usedBytes: options.readUsedBytes(),
          heapUsedBytes: options.heapUsed(),
          storeBytes: ledger.grantedBytes,
        }),
        limitBytes,
        reclaimers: options.reclaimers(() => options.heapUsedAfterMajor() ?? this.#heapAfterMajorBytes),
        log: options.log,
        newId: options.newId,
        onProgress: options.onProgress,
        onDone: options.onDone,
      },
      options.lastRun,
    );
    this.automatic = new AutomaticOptimizer({
      clock,
      limitBytes,
      atRatio,
      onAlert: onEpisode,
      onError,
      optimize: (request) => this.optimizer.optimize(request),
    });
    this.gate = new MemoryGate({
      clock,
      limitBytes,
      readUsedBytes: () => this.#read(),
      retryAfterSeconds: () => (this.optimizer.running ? 2 : 5),
      onReading: (usedRatio) => this.#react(usedRatio),
      onChange: (closed) => options.onHardPressure(closed),
    });
  }

  /** The effective limit: the smaller of the configured and the container's, at most a second old. */
  get limitBytes(): number {
    return this.#limitBytes;
  }

  /** Told that the configured limit has changed. */
  followLimit(): void {
    this.#follow(this.#effectiveLimit());
    this.gate.read();
  }

  /** Begins readings and upkeep; the returned function ends both. */
  start(): () => void {
    const stops = [this.gate.start(), this.automatic.start()];
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Told of each sample of the series: what is forecast and advised is worked out once for all who ask. */
  observe(sample: MemorySample, stores: readonly StoreStats[], leaks: LeakReport | null): void {
    const { clock, configuredLimitBytes, atRatio } = this.#options;
    this.#follow(sample.limitBytes);
    this.#heapAfterMajorBytes = sample.gc.heapUsedAfterMajorBytes ?? this.#heapAfterMajorBytes;
    const nowMs = clock.monotonicMs();
    this.#history.add({ atMs: nowMs, usedBytes: sample.usedBytes });
    this.#forecast = forecast(this.#history.readings, sample.limitBytes);
    const { refusals } = this.gate;
    this.#recommendations = diagnose({
      sample,
      stores,
      leaks,
      forecast: this.#forecast,
      lastRun: this.optimizer.lastRun,
      configuredLimitBytes: configuredLimitBytes(),
      atRatio: atRatio(),
      refusedWrites: refusals - (this.#previous?.refusals ?? 0),
      sincePreviousMs: this.#previous ? nowMs - this.#previous.atMs : 0,
    });
    this.#previous = { atMs: nowMs, refusals };
    this.gate.read();
    this.automatic.expect(this.#forecast, sample.usedRatio);
  }

  /** The parts of a report that are this one's to fill. */
  report(): Pick<MemoryReport, "forecast" | "recommendations" | "optimizer"> {
    const { optimizer, automatic } = this;
    return {
      forecast: this.#forecast,
      recommendations: this.#recommendations,
      optimizer: {
        running: optimizer.running,
        lastRun: optimizer.lastRun,
        nextAutomaticAt: automatic.nextAutomaticAt,
      },
    };
  }

  #effectiveLimit(): number {
    return effectiveLimit(this.#options.configuredLimitBytes(), this.#options.containerLimitBytes()).limitBytes;
  }

  #follow(limitBytes: number): void {
    this.#limitBytes = limitBytes;
    this.#limitReadAtMs = this.#options.clock.monotonicMs();
    this.#options.ledger.setLimit(limitBytes);
  }

  #read(): number {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#limitReadAtMs >= CONTAINER_MS) this.#follow(this.#effectiveLimit());
    return this.#options.readUsedBytes();
  }

  /** Every reading, four times a second and after each few megabytes of writes. */
  #react(usedRatio: number): void {
    const { ledger } = this.#options;
    if (this.gate.closed) ledger.throttle("all");
    else ledger.throttle(usedRatio >= HOLD_RATIO ? "expendable" : "nothing");
    this.#tellLevel(usedRatio);
    this.automatic.observe(usedRatio);
  }

  /** A level is told when it changes: by its hysteresis that is once per episode. */
  #tellLevel(usedRatio: number): void {
    const level = nextLevel(this.#level, usedRatio);
    if (level === this.#level) return;
    this.#level = level;
    const message = `Memory is ${level}: ${Math.round(usedRatio * 100)} % of ${formatBytes(this.#limitBytes)} in use.`;
    this.#options.onAlert({ level, usedRatio, message, at: new Date(this.#options.clock.nowMs()).toISOString() });
  }
}
