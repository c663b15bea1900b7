import { List } from "./pages.ts";
import { type SocketFactory, Subscription, type SubscriptionHandlers } from "./subscription.ts";
import { type CallOptions, segment, type Transport } from "./transport.ts";
import type {
  LeakReport,
  MemoryHistory,
  MemoryReport,
  OptimizationRun,
  OptimizeRequest,
  Recommendation,
} from "./types.ts";

const BASE = "/monitoring/memory";

export interface HistoryRange extends CallOptions {
  from?: Date | string | undefined;
  to?: Date | string | undefined;
  stepSeconds?: number | undefined;
  afterSequence?: number | undefined;
}

/** What the memory is doing, and the button that optimizes it. */
export class Monitoring {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** A report with a sample taken now. */
  memory(options: CallOptions = {}): Promise<MemoryReport> {
    return this.#transport.json("GET", BASE, {}, options);
  }

  history({ from, to, stepSeconds, afterSequence, ...options }: HistoryRange = {}): Promise<MemoryHistory> {
    const query = { from: instant(from), to: instant(to), stepSeconds, afterSequence };
    return this.#transport.json("GET", `${BASE}/history`, { query }, options);
  }

  leaks(options: CallOptions = {}): Promise<LeakReport> {
    return this.#transport.json("GET", `${BASE}/leaks`, {}, options);
  }

  recommendations(options: CallOptions = {}): Promise<{ items: Recommendation[] }> {
    return this.#transport.json("GET", `${BASE}/recommendations`, {}, options);
  }

  /** Optimizes, and resolves when the run has ended. A run that is under way already is joined. Operators only. */
  optimize(request: OptimizeRequest = {}, options: CallOptions = {}): Promise<OptimizationRun> {
    const limits = { timeoutMs: 600_000, ...options };
    return this.#transport.json("POST", `${BASE}/optimize`, { json: request }, limits);
  }

  optimizations({ limit, ...options }: CallOptions & { limit?: number } = {}): List<OptimizationRun> {
    return new List(this.#transport, `${BASE}/optimizations`, { limit }, options);
  }

  optimization(id: string, options: CallOptions = {}): Promise<OptimizationRun | null> {
    return this.#transport.find(`${BASE}/optimizations/${segment(id)}`, {}, options);
  }

  /**
   * Follows samples, alerts and runs as they happen. What was missed while the connection was away is fetched, so samples
   * come in order without a hole. `io` is that of your own `socket.io-client`.
   */
  subscribe(io: SocketFactory, handlers: SubscriptionHandlers): Subscription {
    const after = (sequence: number) => this.history({ afterSequence: sequence });
    return new Subscription(this.#transport, io, handlers, after);
  }
}

const instant = (at: Date | string | undefined): string | undefined => (at instanceof Date ? at.toISOString() : at);
