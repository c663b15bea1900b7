import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import project from "../../../package.json" with { type: "json" };
import { type MemorySample, optimizationRunSchema } from "../../contracts/memory.ts";
import { durationText, figuresOf, LEAK_STATES, LEVELS, type MetricsSource, STORE_FIGURES } from "./metric-figures.ts";

const DISK_WAIT_MS = 1_000;

/**
 * Prometheus text: prom-client's default metrics and ours, collected on request. One sample and one reading of each
 * store per scrape, so that its figures add up. Concurrent scrapes share one result.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #source: MetricsSource;
  #sample: MemorySample;
  #running: Promise<string> | null = null;
  #diskBytes: number | null = null;
  #sizing: Promise<void> | null = null;

  constructor(source: MetricsSource) {
    this.#source = source;
    this.#sample = source.monitor.sampler.peek();
    collectDefaultMetrics({ register: this.#registry });
    for (const { name, help, read, grows } of figuresOf(source)) {
      if (grows) this.#counter(name, help, [], (add) => add({}, read()));
      else this.#gauge(name, help, [], (set) => set({}, read()));
    }
    this.#build();
    this.#memory();
    this.#stores();
    this.#states();
    this.#requests();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The exposition, durations included: prom-client's own histogram cannot be set from counts. */
  text(): Promise<string> {
    this.#running ??= this.#read().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #read(): Promise<string> {
    await this.#measureDisk();
    this.#sample = this.#source.monitor.sampler.peek();
    return `${await this.#registry.metrics()}\n${durationText(this.#source.traffic.durations())}`;
  }

  /** A hanging disk must not delay the scrape; the last known size is reported then. */
  async #measureDisk(): Promise<void> {
    const { database, clock } = this.#source;
    // One query at a time: otherwise a hanging database would accumulate a query per scrape.
    this.#sizing ??= database
      .sizeBytes()
      .then(
        (bytes) => {
          this.#diskBytes = bytes;
        },
        () => undefined,
      )
      .finally(() => {
        this.#sizing = null;
      });
    let cancel: () => void = () => undefined;
    const waited = new Promise<void>((resolve) => {
      cancel = clock.after(DISK_WAIT_MS, resolve);
    });
    await Promise.race([this.#sizing, waited]);
    cancel();
  }

  #build(): void {
    this.#gauge("headroom_build_info", "1; the label says what runs", ["version"], (set) =>
      set({ version: project.version }, 1),
    );
    this.#gauge("headroom_disk_database_bytes", "Database and its log on disk", [], (set) => {
      set({}, this.#diskBytes ?? Number.NaN);
    });
  }

  #memory(): void {
    this.#gauge("headroom_memory_used_bytes", "RSS of the process and its helpers", [], (set) =>
      set({}, this.#sample.usedBytes),
    );
    this.#gauge("headroom_memory_limit_bytes", "Effective memory limit", [], (set) => set({}, this.#sample.limitBytes));
    const help = "Used memory by component; adds up to headroom_memory_used_bytes";
    this.#gauge("headroom_memory_component_bytes", help, ["component"], (set) => {
      for (const { component, bytes } of this.#sample.breakdown) set({ component }, bytes);
    });
  }

  #stores(): void {
    for (const { name, help, read, grows } of STORE_FIGURES) {
      const each = (set: Set) => {
        for (const stats of this.#source.stores.map((store) => store.stats())) {
          const value = read(stats);
          if (value !== null) set({ store: stats.store }, value);
        }
      };
      if (grows) this.#counter(name, help, ["store"], each);
      else this.#gauge(name, help, ["store"], each);
    }
    this.#counter("headroom_store_removals_total", "Items that left, by cause", ["store", "cause"], (add) => {
      for (const { store, removals } of this.#source.stores.map((one) => one.stats()))
        for (const [cause, count] of Object.entries(removals)) add({ store, cause }, count);
    });
  }

  #states(): void {
    const { leaks, events } = this.#source;
    this.#gauge("headroom_memory_level", "1 for the level in force", ["level"], (set) => {
      for (const level of LEVELS) set({ level }, Number(level === this.#sample.level));
    });
    this.#gauge("headroom_leak_state", "1 for this server's verdict", ["state"], (set) => {
      const { state: now } = leaks.report();
      for (const state of LEAK_STATES) set({ state }, Number(state === now));
    });
    const runs = new Counter({
      name: "headroom_optimizations_total",
      help: "Optimizations that ran, dry runs left out",
      labelNames: ["trigger"],
      registers: [this.#registry],
    });
    for (const trigger of optimizationRunSchema.shape.trigger.options) runs.inc({ trigger }, 0);
    events.subscribe((name, payload) => {
      if (name === "memory:optimized" && !payload.dryRun) runs.inc({ trigger: payload.trigger });
    });
  }

  #requests(): void {
    const names = ["route", "method", "status", "door"];
    this.#counter("headroom_http_requests_total", "HTTP API requests", names, (add) => {
      for (const { count, route, method, status, door } of this.#source.traffic.series())
        add({ route, method, status, door }, count);
    });
  }

  #gauge(name: string, help: string, labelNames: string[], read: (set: Set) => void): void {
    new Gauge({
      ...{ name, help, labelNames, registers: [this.#registry] },
      collect() {
        read((labels, value) => this.set(labels, value));
      },
    });
  }

  #counter(name: string, help: string, labelNames: string[], read: (add: Set) => void): void {
    new Counter({
      ...{ name, help, labelNames, registers: [this.#registry] },
      collect() {
        this.reset();
        read((labels, value) => this.inc(labels, value));
      },
    });
  }
}

type Set = (labels: Record<string, string | number>, value: number) => void;
