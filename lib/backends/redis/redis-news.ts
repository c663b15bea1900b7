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

  constructor(client: RedisClient, clock: Clock, beatChannel: string) {
    this.#client = client;
    this.#clock = clock;
    this.beatChannel = beatChannel;
    client.on("error", () => undefined);
    client.on("close", () => this.#cut());
    client.on("message", (channel: string, message: string) => this.#listeners.get(channel)?.(message));
    this.on(beatChannel, (message) => {
      this.#beatSentAtMs = Number(message);
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
    // Subscribed again by the client after a cut; a failure here is a cut.
    this.#client.subscribe(channel).catch(() => undefined);
  }

  /** Calls `listener` when messages may have been missed: whatever was known from them is unknown now. */
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

  #cut(): void {
    this.#beatSentAtMs = Number.NEGATIVE_INFINITY;
    for (const listener of this.#lost) listener();
  }
}
