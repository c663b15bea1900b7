/** Requests by route, method, status and door. Labels are existing routes only, so their number is bounded. */
const MAX_SERIES = 4_096;

export interface TrafficSeries {
  route: string;
  method: string;
  status: number;
  door: string;
  count: number;
}

const KNOWN_METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Maximum number of routes and methods with their own durations; the rest share one series. */
const MAX_DURATIONS = 256;
const REST = { route: "other", method: "other" };

/** How long the requests of one route and method took. */
export interface Durations {
  route: string;
  method: string;
  /** By bucket, not summed up; the last is beyond every bound. */
  counts: Float64Array;
  sumSeconds: number;
  total: number;
}

/** Upper bounds of the latency histogram, seconds. */
export const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10] as const;

/** Counts requests: for the samples' activity, and for /metrics. */
export class Traffic {
  readonly #series = new Map<string, TrafficSeries>();
  readonly #durations = new Map<string, Durations>();
  #sinceSample = 0;
  /** API requests since the start, without requests that only monitor. */
  calls = 0;
  /** Answers since the start that refused something for want of memory. */
  memoryRefusals = 0;
  /** Number of open sockets, set by the code that opens them. */
  openSockets: () => number = () => 0;

  count(route: string, method: string, status: number, door: string, durationMs: number): void {
    this.#sinceSample += 1;
    if (route.startsWith("/api/") && !route.startsWith("/api/v1/agents")) this.calls += 1;
    const known = KNOWN_METHODS.has(method) ? method : "other";
    const name = `${known} ${route} ${status} ${door}`;
    const series = this.#series.get(name);
    if (series) series.count += 1;
    else if (this.#series.size < MAX_SERIES) this.#series.set(name, { route, method: known, status, door, count: 1 });
    this.#observe(this.#durationsOf(route, known), durationMs / 1000);
  }

  peek(): number {
    return this.#sinceSample;
  }

  /** Requests since the last `take`. */
  take(): number {
    const count = this.#sinceSample;
    this.#sinceSample = 0;
    return count;
  }

  series(): Iterable<TrafficSeries> {
    return this.#series.values();
  }

  durations(): Iterable<Durations> {
    return this.#durations.values();
  }

  #durationsOf(route: string, method: string): Durations {
    const name = `${method} ${route}`;
    const found = this.#durations.get(name);
    if (found) return found;
    const labels = this.#durations.size < MAX_DURATIONS - 1 ? { route, method } : REST;
    const key = labels === REST ? "" : name;
    const rest = this.#durations.get(key);
    if (rest) return rest;
    const made: Durations = {
      route: labels.route,
      method: labels.method,
      counts: new Float64Array(LATENCY_BUCKETS.length + 1),
      sumSeconds: 0,
      total: 0,
    };
    this.#durations.set(key, made);
    return made;
  }

  #observe(durations: Durations, seconds: number): void {
    let bucket = 0;
    while (bucket < LATENCY_BUCKETS.length && seconds > (LATENCY_BUCKETS[bucket] ?? 0)) bucket += 1;
    durations.counts[bucket] = (durations.counts[bucket] ?? 0) + 1;
    durations.sumSeconds += seconds;
    durations.total += 1;
  }
}
