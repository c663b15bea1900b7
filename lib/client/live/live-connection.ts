import type { SamplePush, ServerEvents } from "../../contracts/events.ts";
import type { MemorySample } from "../../contracts/memory.ts";
import type { Clock } from "../../shared/clock.ts";
import { backoffMs } from "./backoff.ts";
import { INITIAL_LIVE_STATE, type LiveState } from "./live-state.ts";

/** What the connection needs of a Socket.IO socket. It makes each attempt itself, so that a page can count down to it. */
export interface LiveSocket {
  connect(): unknown;
  disconnect(): unknown;
  on(event: string, handler: (...values: never[]) => void): unknown;
  off(event: string, handler: (...values: never[]) => void): unknown;
}

type Handler = Parameters<LiveSocket["on"]>[1];

/** Where the figures go. */
export interface LiveSink {
  /** The socket is open, for the first time or again: what was told before came to nobody here. */
  connected(): void;
  /** `recent` ends with the push's own sample; a receiver passes over those it has. */
  sample(push: SamplePush, recent: readonly MemorySample[]): void;
  /** Samples that were missed, found afterwards. */
  backfill(samples: readonly MemorySample[]): void;
  /** More was missed than could be fetched: load again. */
  reload(): void;
}

export interface LiveOptions {
  socket: LiveSocket;
  sink: LiveSink;
  clock: Clock;
  random: () => number;
  fetchAfter: (sequence: number) => Promise<{ samples: MemorySample[]; complete: boolean }>;
}

/** Samples kept for a history answer that was under way while they came. */
const RECENT = 60;
/** Pushes that wait while a hole is filled; older ones are dropped, since the fill brings them. */
const INBOX = 30;

/** The live feed of one page: in order, without a hole that could be filled, at a pace a person can pause. */
export class LiveConnection {
  readonly #options: LiveOptions;
  readonly #listeners = new Set<() => void>();
  readonly #inbox: SamplePush[] = [];
  readonly #recent: MemorySample[] = [];
  #state: LiveState = INITIAL_LIVE_STATE;
  #attempts = 0;
  #draining = false;
  #cancelRetry: (() => void) | null = null;
  #detach: (() => void) | null = null;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  get state(): LiveState {
    return this.#state;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Connects, and keeps connecting until the returned function is called. */
  start(lastSequence: number | null): () => void {
    this.#set({ connection: "connecting", lastSequence });
    const handlers: [string, Handler][] = [
      ["connect", () => this.#connected()],
      ["disconnect", () => this.#lost()],
      ["connect_error", (error: unknown) => this.#failed(error)],
      ["signed-out", () => this.#refused("signed-out")],
      ["memory:sample", (push: SamplePush) => this.#receive(push)],
    ];
    for (const [event, handler] of handlers) this.#options.socket.on(event, handler);
    this.#detach = () => {
      for (const [event, handler] of handlers) this.#options.socket.off(event, handler);
    };
    this.#options.socket.connect();
    return () => this.#stop();
  }

  /** Runs `handler` for each event of that name until the returned function is called. */
  on<Event extends keyof ServerEvents>(event: Event, handler: ServerEvents[Event]): () => void {
    this.#options.socket.on(event, handler);
    return () => this.#options.socket.off(event, handler);
  }

  /** Holds the page still. The feed goes on unseen; `resume` fetches what was missed. */
  pause(): void {
    this.#set({ paused: true });
  }

  resume(): void {
    if (!this.#state.paused) return;
    this.#set({ paused: false });
    const newest = this.#inbox.at(-1);
    if (newest) void this.#drain();
    else void this.#fill();
  }

  /** Tries at once instead of waiting for the countdown. */
  retryNow(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#set({ connection: "connecting", retryAtMs: null });
    this.#options.socket.connect();
  }

  #stop(): void {
    this.#cancelRetry?.();
    this.#detach?.();
    this.#options.socket.disconnect();
  }

  #connected(): void {
    this.#attempts = 0;
    this.#set({ connection: "connected", refusal: null, retryAtMs: null });
    this.#options.sink.connected();
  }

  #lost(): void {
    // The server said why it would close: another try with the same sign-in cannot help.
    if (this.#state.connection === "refused") return;
    const delayMs = backoffMs(this.#attempts++, this.#options.random());
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(delayMs, () => this.retryNow());
    this.#set({ connection: "disconnected", retryAtMs: this.#options.clock.nowMs() + delayMs });
  }

  #failed(error: unknown): void {
    const refusal = refusalIn(error);
    if (refusal) this.#refused(refusal);
    else this.#lost();
  }

  #refused(refusal: LiveState["refusal"]): void {
    this.#set({ connection: "refused", refusal, retryAtMs: null });
  }

  #receive(push: SamplePush): void {
    this.#inbox.push(push);
    if (this.#inbox.length > INBOX) this.#inbox.shift();
    if (!this.#state.paused) void this.#drain();
  }

  async #drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let push = this.#inbox.shift(); push && !this.#state.paused; push = this.#inbox.shift()) {
        if (this.#misses(push.sample)) await this.#fill();
        this.#show(push);
      }
    } finally {
      this.#draining = false;
    }
  }

  #misses(sample: MemorySample): boolean {
    const { lastSequence } = this.#state;
    return lastSequence !== null && sample.sequence > lastSequence + 1;
  }

  async #fill(): Promise<void> {
    const { lastSequence } = this.#state;
    if (lastSequence === null) return;
    this.#set({ lastGap: { state: "filling", samples: 0 } });
    try {
      const { samples, complete } = await this.#options.fetchAfter(lastSequence);
      if (complete) this.#options.sink.backfill(samples);
      else this.#options.sink.reload();
      for (const sample of samples) this.#remember(sample);
      this.#set({ lastGap: { state: "filled", samples: samples.length } });
    } catch {
      // The hole stays and is drawn as one; the next sample that comes goes on after it.
      this.#set({ lastGap: { state: "open", samples: 0 } });
    }
  }

  #show(push: SamplePush): void {
    this.#remember(push.sample);
    this.#options.sink.sample(push, this.#recent);
    this.#set({ receivedAtMs: this.#options.clock.nowMs() });
  }

  #remember(sample: MemorySample): void {
    const last = this.#recent.at(-1);
    if (last && sample.sequence <= last.sequence) return;
    if (last && last.sequence + 1 === sample.sequence && last.bootId === sample.bootId) {
      this.#set({ intervalMs: Date.parse(sample.sampledAt) - Date.parse(last.sampledAt) });
    }
    this.#recent.push(sample);
    if (this.#recent.length > RECENT) this.#recent.shift();
    this.#set({ lastSequence: Math.max(sample.sequence, this.#state.lastSequence ?? 0) });
  }

  #set(change: Partial<LiveState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** The handshake was answered, and the answer is no: trying again with the same cookie cannot help. */
function refusalIn(error: unknown): LiveState["refusal"] {
  if (typeof error !== "object" || error === null || !("data" in error)) return null;
  const { data } = error;
  if (typeof data !== "object" || data === null) return null;
  const status = "status" in data ? data.status : undefined;
  if (status === 401) return "signed-out";
  return status === 403 ? "forbidden" : null;
}
