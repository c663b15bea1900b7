import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Runtime } from "./runtime.ts";
import { LATENCY_BUCKETS } from "./traffic.ts";

/** Prometheus text: prom-client's default metrics, and ours, read when asked for. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    collectDefaultMetrics({ register: this.#registry });
    this.#gauge(
      "headroom_memory_used_bytes",
      "RSS of the process and its helpers",
      () => runtime.monitor.sampler.peek().usedBytes,
    );
    this.#gauge(
      "headroom_memory_limit_bytes",
      "Effective memory limit",
      () => runtime.monitor.sampler.peek().limitBytes,
    );
    this.#gauge(
      "headroom_ledger_granted_bytes",
      "Memory granted to stores and streams",
      () => runtime.ledger.grantedBytes,
    );
    this.#gauge(
      "headroom_history_dropped_samples",
      "Samples given up because the database refused",
      () => runtime.monitor.recorder.droppedSamples,
    );
    this.#gauge(
      "headroom_writes_refused",
      "Writes refused at the hard bound since the start",
      () => runtime.memory.gate.refusals,
    );
    this.#gauge("headroom_event_loop_lag_seconds", "How late the last tick was", () => runtime.loop.lagMs / 1000);
    this.#gauge(
      "headroom_requests_shed",
      "Requests refused since the start because the event loop was late",
      () => runtime.loop.refusals,
    );
    this.#gauge("headroom_hard_pressure", "1 while growing writes are refused", () =>
      Number(runtime.memory.gate.closed),
    );
    this.#gauge(
      "headroom_last_optimization_freed_bytes",
      "What the stores gave back in the newest run",
      () => runtime.memory.optimizer.lastRun?.freedBytes ?? 0,
    );
    this.#gauge(
      "headroom_seconds_to_limit",
      "Forecast; NaN without a trend",
      () => runtime.memory.report().forecast?.secondsToLimit ?? Number.NaN,
    );
    this.#components();
    this.#requests();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The exposition, latency histogram included: prom-client's own histogram cannot be set from counts. */
  async text(): Promise<string> {
    return `${await this.#registry.metrics()}\n${this.#latency()}`;
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }

  #components(): void {
    const { sampler } = this.#runtime.monitor;
    new Gauge({
      name: "headroom_memory_component_bytes",
      help: "Used memory by component; adds up to headroom_memory_used_bytes",
      labelNames: ["component"],
      registers: [this.#registry],
      collect() {
        for (const { component, bytes } of sampler.peek().breakdown) this.set({ component }, bytes);
      },
    });
  }

  #requests(): void {
    const { traffic } = this.#runtime;
    new Counter({
      name: "headroom_http_requests_total",
      help: "HTTP API requests",
      labelNames: ["route", "method", "status", "door"],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { count, ...labels } of traffic.series()) this.inc(labels, count);
      },
    });
  }

  #latency(): string {
    const { counts, sumSeconds, total } = this.#runtime.traffic.latency;
    const name = "headroom_http_request_duration_seconds";
    let sum = 0;
    const buckets = LATENCY_BUCKETS.map((bound, index) => {
      sum += counts[index] ?? 0;
      return `${name}_bucket{le="${bound}"} ${sum}`;
    });
    return [
      `# HELP ${name} Time from a request's dispatch to its answer`,
      `# TYPE ${name} histogram`,
      ...buckets,
      `${name}_bucket{le="+Inf"} ${total}`,
      `${name}_sum ${sumSeconds}`,
      `${name}_count ${total}`,
      "",
    ].join("\n");
  }
}
