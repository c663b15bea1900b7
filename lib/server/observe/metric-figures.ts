import type { StoreStats } from "../../contracts/memory.ts";
import type { ConnectionFigures } from "../../ports/database.ts";
import { MIB } from "../../shared/bytes.ts";
import type { Runtime } from "../runtime.ts";
import { type Durations, LATENCY_BUCKETS } from "./traffic.ts";

/** The sources of the metrics; reading them is cheap. */
export type MetricsSource = Pick<
  Runtime,
  | ("monitor" | "ledger" | "memory" | "loop" | "traffic" | "stores" | "leaks" | "events" | "sessions" | "streams")
  | ("clock" | "database" | "settings" | "rag" | "redis")
>;

interface Figure<From extends unknown[]> {
  name: string;
  help: string;
  /** A counter; its name ends in `_total`. */
  grows?: boolean;
  read(...from: From): number;
}

export const LEVELS = ["normal", "elevated", "critical"] as const;
export const LEAK_STATES = ["warming-up", "clear", "suspected", "confirmed"] as const;

const gauge = (name: string, help: string, read: () => number): Figure<[]> => ({ name, help, read });
const counter = (name: string, help: string, read: () => number): Figure<[]> => ({ name, help, read, grows: true });

/** Figures without labels. */
export function figuresOf({ monitor, ledger, memory, loop, sessions, ...rest }: MetricsSource): Figure<[]>[] {
  return [
    gauge("headroom_ledger_granted_bytes", "Memory granted to stores and streams", () => ledger.grantedBytes),
    counter(
      "headroom_history_dropped_samples_total",
      "Samples given up because the database refused",
      () => monitor.recorder.droppedSamples,
    ),
    counter("headroom_writes_refused_total", "Writes refused at the hard bound", () => memory.gate.refusals),
    counter("headroom_requests_shed_total", "Requests refused because the event loop was late", () => loop.refusals),
    gauge("headroom_event_loop_lag_seconds", "How late the last tick was", () => loop.lagMs / 1000),
    gauge("headroom_hard_pressure", "1 while growing writes are refused", () => Number(memory.gate.closed)),
    gauge(
      "headroom_last_optimization_freed_bytes",
      "What the stores gave back in the newest run",
      () => memory.optimizer.lastRun?.freedBytes ?? 0,
    ),
    gauge(
      "headroom_seconds_to_limit",
      "Forecast; NaN without a trend",
      () => memory.report().forecast?.secondsToLimit ?? Number.NaN,
    ),
    gauge("headroom_session_queue_bytes", "Changes on their way to the database", () => sessions.queuedBytes),
    ...outwardFigures(rest),
    ...redisFigures(rest.redis),
    ...postgresFigures(rest.database),
  ];
}

/** Of both pools of connections to Postgres; none where rows are in a file. */
function postgresFigures(database: MetricsSource["database"]): Figure<[]>[] {
  if (database.connections() === null) return [];
  const sum = (name: keyof ConnectionFigures) => {
    const pools = database.connections();
    return pools === null ? 0 : pools.reads[name] + pools.writes[name];
  };
  return [
    gauge("headroom_postgres_connections_max", "Most connections to Postgres", () => sum("max")),
    gauge("headroom_postgres_connections_open", "Connections to Postgres", () => sum("open")),
    gauge("headroom_postgres_connections_idle", "Connections to Postgres that nobody uses", () => sum("idle")),
    gauge("headroom_postgres_connections_waiting", "Calls that wait for a connection", () => sum("waiting")),
    counter("headroom_postgres_uses_total", "Connections given out", () => sum("uses")),
    counter("headroom_postgres_wait_seconds_total", "Time that calls waited for one", () => sum("waitedMs") / 1_000),
    counter("headroom_postgres_use_seconds_total", "Time that connections were in use", () => sum("usedMs") / 1_000),
  ];
}

/** Of the Redis that nodes share; none without one. */
function redisFigures(redis: MetricsSource["redis"]): Figure<[]>[] {
  if (redis === null) return [];
  const figure = (name: "usedBytes" | "maxBytes" | "keptBytes") => () => redis.report()[name] ?? Number.NaN;
  return [
    gauge("headroom_redis_up", "0 while Redis cannot be used", () => Number(redis.fault === null)),
    gauge("headroom_redis_used_bytes", "used_memory of Redis", figure("usedBytes")),
    gauge("headroom_redis_max_bytes", "maxmemory of Redis; NaN without", figure("maxBytes")),
    gauge("headroom_redis_kept_bytes", "What all nodes keep in Redis, by their own estimate", figure("keptBytes")),
  ];
}

/** Figures of disk, sockets, streams and the embedding model. */
function outwardFigures(source: Pick<MetricsSource, "settings" | "traffic" | "streams" | "rag">): Figure<[]>[] {
  const { settings, traffic, streams, rag } = source;
  const { embedder, embeddings } = rag.parts;
  return [
    gauge("headroom_disk_quota_bytes", "Most that the database may take", () => settings.values.diskMaxMb * MIB),
    gauge("headroom_sockets_open", "Sockets of dashboards and watchers", () => traffic.openSockets()),
    gauge("headroom_streams_open", "Streams that are sent or wait for memory", () => streams.jobs.open),
    counter("headroom_stream_records_total", "Records that streams brought", () => streams.jobs.totals.records),
    counter("headroom_stream_rejects_total", "Records of streams refused", () => streams.jobs.totals.rejects),
    gauge("headroom_embeddings_up", "0 while the model fails; one at rest is up", () =>
      Number(embedder.state().state !== "failing"),
    ),
    counter("headroom_embeddings_requests_total", "Calls to the model", () => embeddings.calls.requests),
    counter("headroom_embeddings_errors_total", "Calls to the model that failed", () => embeddings.calls.errors),
    counter(
      "headroom_embeddings_seconds_total",
      "Time that calls to the model took, waiting included",
      () => embeddings.calls.seconds,
    ),
  ];
}

interface StoreFigure {
  name: string;
  help: string;
  grows?: boolean;
  /** Null where the store has no such bound. */
  read(stats: StoreStats): number | null;
}

/** Figures of each store. */
export const STORE_FIGURES: readonly StoreFigure[] = [
  { name: "headroom_store_items", help: "Items in memory", read: ({ items }) => items },
  { name: "headroom_store_max_items", help: "Most items in memory", read: ({ maxItems }) => maxItems },
  { name: "headroom_store_bytes", help: "Memory granted to the store", read: ({ bytes }) => bytes },
  { name: "headroom_store_max_bytes", help: "Most memory of the store", read: ({ maxBytes }) => maxBytes },
  { name: "headroom_store_spilled_items", help: "Items on disk only", read: ({ spilledItems }) => spilledItems },
  { name: "headroom_store_hits_total", help: "Look-ups answered from memory", grows: true, read: ({ hits }) => hits },
  { name: "headroom_store_misses_total", help: "Look-ups that were not", grows: true, read: ({ misses }) => misses },
  {
    name: "headroom_store_rejections_total",
    help: "Items that could not be taken",
    grows: true,
    read: ({ rejections }) => rejections,
  },
];

/** The histogram of request durations by route and method, as Prometheus text. */
export function durationText(series: Iterable<Durations>): string {
  const name = "headroom_http_request_duration_seconds";
  const lines = [
    `# HELP ${name} Time from a request's dispatch to its answer, by the route's pattern`,
    `# TYPE ${name} histogram`,
  ];
  for (const { route, method, counts, sumSeconds, total } of series) {
    const labels = `route="${route}",method="${method}"`;
    let sum = 0;
    for (const [index, bound] of LATENCY_BUCKETS.entries()) {
      sum += counts[index] ?? 0;
      lines.push(`${name}_bucket{${labels},le="${bound}"} ${sum}`);
    }
    lines.push(`${name}_bucket{${labels},le="+Inf"} ${total}`);
    lines.push(`${name}_sum{${labels}} ${sumSeconds}`, `${name}_count{${labels}} ${total}`);
  }
  return `${lines.join("\n")}\n`;
}
