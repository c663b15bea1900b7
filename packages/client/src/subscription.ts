import type { Transport } from "./transport.ts";
import type {
  LeakReport,
  MemoryAlert,
  MemoryHistory,
  MemorySample,
  OptimizationRun,
  SamplePush,
  ServerToClientEvents,
  StreamJob,
} from "./types.ts";

type Payload<Name extends keyof ServerToClientEvents> = Parameters<ServerToClientEvents[Name]>[0];

/** What is needed of a Socket.IO socket. */
export interface SocketLike {
  on(event: string, handler: (value: never) => void): unknown;
  disconnect(): unknown;
}
/** `io` of socket.io-client 4. */
export type SocketFactory = (
  url: string,
  options: { path: string; auth?: Record<string, unknown>; withCredentials: boolean },
) => SocketLike;

export interface SubscriptionHandlers {
  /** A sample, in order of its `sequence`. `stores` is null for one that was fetched afterwards. */
  sample?: ((sample: MemorySample, stores: SamplePush["stores"] | null) => void) | undefined;
  alert?: ((alert: MemoryAlert) => void) | undefined;
  leak?: ((report: LeakReport) => void) | undefined;
  optimizeProgress?: ((run: OptimizationRun) => void) | undefined;
  optimized?: ((run: OptimizationRun) => void) | undefined;
  streamProgress?: ((job: StreamJob) => void) | undefined;
  /** The connection broke, or could not be made. The socket tries again by itself, except after `signed-out`. */
  disconnect?: ((reason: string) => void) | undefined;
}

/** Samples that wait while missed ones are fetched; the fetch brings what falls out. */
const MOST_WAITING = 30;

/** A live feed. Stop it with `close()`, or by `await using`. */
export class Subscription implements AsyncDisposable {
  readonly #socket: SocketLike;
  readonly #handlers: SubscriptionHandlers;
  readonly #after: (sequence: number) => Promise<MemoryHistory>;
  readonly #waiting: SamplePush[] = [];
  #last: number | null = null;
  #isFilling = false;
  #isClosed = false;

  constructor(
    transport: Transport,
    io: SocketFactory,
    handlers: SubscriptionHandlers,
    after: (sequence: number) => Promise<MemoryHistory>,
  ) {
    this.#handlers = handlers;
    this.#after = after;
    const { origin, pathname } = new URL(transport.base);
    const token = transport.authorization?.slice("Bearer ".length);
    const auth = token === undefined ? {} : { auth: { token } };
    const path = `${pathname.replace(/\/$/, "")}/socket.io`;
    this.#socket = io(`${origin}/monitoring`, { path, ...auth, withCredentials: token === undefined });
    this.#hear("memory:sample", (push) => this.#receive(push));
    this.#hear("memory:alert", (alert) => handlers.alert?.(alert));
    this.#hear("memory:leak", (report) => handlers.leak?.(report));
    this.#hear("memory:optimize-progress", (run) => handlers.optimizeProgress?.(run));
    this.#hear("memory:optimized", (run) => handlers.optimized?.(run));
    this.#hear("stream:progress", (job) => handlers.streamProgress?.(job));
    this.#hear("signed-out", () => handlers.disconnect?.("signed-out"));
    this.#listen("disconnect", (reason: string) => handlers.disconnect?.(reason));
    this.#listen("connect_error", (error: Error) => handlers.disconnect?.(error.message));
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.disconnect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** An event of the server. */
  #hear<Name extends keyof ServerToClientEvents>(event: Name, handler: (payload: Payload<Name>) => void): void {
    this.#listen(event, handler);
  }

  #listen<Value>(event: string, handler: (value: Value) => void): void {
    this.#socket.on(event, (value: Value) => {
      if (!this.#isClosed) handler(value);
    });
  }

  #receive(push: SamplePush): void {
    this.#waiting.push(push);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    if (!this.#isFilling) void this.#deliver();
  }

  async #deliver(): Promise<void> {
    this.#isFilling = true;
    for (let push = this.#waiting.shift(); push && !this.#isClosed; push = this.#waiting.shift()) {
      const { sequence } = push.sample;
      if (this.#last !== null && sequence > this.#last + 1) await this.#backfill(this.#last, sequence);
      if (this.#isClosed) break;
      this.#tell(push.sample, push.stores);
    }
    this.#isFilling = false;
  }

  /** Best effort: a hole whose samples cannot be had stays a hole, and the feed goes on. */
  async #backfill(last: number, before: number): Promise<void> {
    const missed = await this.#after(last).catch(() => null);
    for (const sample of missed?.samples ?? [])
      if ("sequence" in sample && sample.sequence < before) this.#tell(sample, null);
  }

  #tell(sample: MemorySample, stores: SamplePush["stores"] | null): void {
    if (this.#last !== null && sample.sequence <= this.#last) return;
    this.#last = sample.sequence;
    this.#handlers.sample?.(sample, stores);
  }
}
