import type { SharedFollower } from "../../ports/shared-responses.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { RESPONSE_NEWS } from "./response-lua.ts";

const SEPARATOR = "\u0000";
const NOBODY: SharedFollower = { changed: () => undefined, gone: () => undefined, lost: () => undefined };
/** Sent until it is heard: the beats of another channel say nothing of this one. */
const GREETING = "h";

/** What scripts publish of changed responses, told to this node's copies. */
export class ResponseNews {
  readonly #redis: RedisConnection;
  #follower = NOBODY;
  /** Something was heard on the channel: from then on the client subscribes to it again after every cut. */
  #isHeard = false;
  #isGreeting = false;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
    redis.news.on(RESPONSE_NEWS, (message) => this.#hear(message));
    redis.news.onLost(() => this.#follower.lost());
    void this.#greet();
  }

  get isCurrent(): boolean {
    if (!this.#isHeard) void this.#greet();
    return this.#isHeard && this.#redis.news.isCurrent;
  }

  follow(follower: SharedFollower): void {
    this.#follower = follower;
  }

  /** Tells this node before its own news come back to it. */
  isGone(namespace: string, key: string): void {
    this.#follower.gone(namespace, key);
  }

  async #greet(): Promise<void> {
    if (this.#isGreeting) return;
    this.#isGreeting = true;
    try {
      await this.#redis.call("PUBLISH", RESPONSE_NEWS, GREETING);
    } catch {
      // Redis is away: nothing is current then, and the next look greets again.
    } finally {
      this.#isGreeting = false;
    }
  }

  #hear(message: string): void {
    this.#isHeard = true;
    const [kind, ...parts] = message.split(SEPARATOR);
    if (kind === "c") {
      const [version, namespace = "", key = ""] = parts;
      this.#follower.changed(namespace, key, Number(version));
    }
    if (kind === "g") {
      for (let at = 0; at + 1 < parts.length; at += 2) this.#follower.gone(parts[at] ?? "", parts[at + 1] ?? "");
    }
  }
}
