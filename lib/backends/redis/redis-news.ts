import type { Clock } from "../../shared/clock.ts";
import type { RedisClient } from "./redis-client.ts";

/** News without a beat for so long are not trusted to be current. */
const CURRENT_MS = 1_000;

/**
 * What is published to this node. The connection publishes a beat four times a second, which comes back here behind everything
 * that was published before it: so `isCurrent` says whether what is known of changes is at most a second old.
 */
export class RedisNews {
  readonly beatChannel: string;
  readonly #client: RedisClient;
  readonly #clock: Clock;
  readonly #listeners = new Map<string, (message: string) => void>();
  readonly #lost: (() => void)[] = [];
  /** When the last beat that arrived was sent. */
  #beatSentAtMs = Number.NEGATIVE_INFINITY;
  /** Counts what was asked for, and what ended it: only the answer to the newest says that every channel is heard. */
  #asked = 0;
  #isSubscribed = false;

  constructor(client: RedisClient, clock: Clock, beatChannel: string) {
    this.#client = client;
    this.#clock = clock;
    this.beatChannel = beatChannel;
    client.on("error", () => undefined);
    client.on("close", () => this.#cut());
    client.on("ready", () => void this.#subscribe());
    client.on("message", (channel: string, message: string) => this.#listeners.get(channel)?.(message));
    this.#listeners.set(beatChannel, (message) => {
      if (this.#isSubscribed) this.#beatSentAtMs = Number(message);
    });
  }

  /** Nothing told before the last second is missing. False while the subscriber is cut, and until its first beat after. */
  get isCurrent(): boolean {
    return this.#clock.monotonicMs() - this.#beatSentAtMs < CURRENT_MS;
  }

  /** What the next beat says. */
  beat(): string {
    return String(this.#clock.monotonicMs());
  }

  /** Calls `listener` with each message of a channel, for as long as the connection lives. One for each channel. */
  on(channel: string, listener: (message: string) => void): void {
    this.#listeners.set(channel, listener);
    if (this.#client.status === "ready") void this.#subscribe();
  }

  /** Calls `listener` when messages may have been missed, or Redis cannot be used: what was known from it is unknown now. */
  onLost(listener: () => void): void {
    this.#lost.push(listener);
  }

  /** Subscribes again over another socket. */
  reconnect(): void {
    this.#client.disconnect(true);
  }

  close(): void {
    this.#client.disconnect();
  }

  /** Tells who follows that whatever was known may be old. */
  lose(): void {
    for (const listener of this.#lost) listener();
  }

  /** To all channels in one command: with some alone, a beat would vouch for news that nobody sends here. */
  async #subscribe(): Promise<void> {
    const asked = ++this.#asked;
    this.#isSubscribed = false;
    this.#beatSentAtMs = Number.NEGATIVE_INFINITY;
    try {
      await this.#client.subscribe(...this.#listeners.keys());
      if (asked === this.#asked) this.#isSubscribed = true;
    } catch {
      // Refused or cut: a lost socket is connected anew by itself, a silent one by whoever looks after this.
    }
  }

  #cut(): void {
    this.#asked++;
    this.#isSubscribed = false;
    this.#beatSentAtMs = Number.NEGATIVE_INFINITY;
    this.lose();
  }
}
