import { createHash } from "node:crypto";
import type { Headroom } from "@headroom/client";
import { LONGEST_IDLE_SECONDS, merge, readSessions } from "./keyed-sessions.ts";
import { outsideRender } from "./outside-render.ts";

/** When a tag's entries end and become stale, in milliseconds since the epoch. */
export interface TagTime {
  expired?: number;
  stale?: number;
}

/** When tags were revalidated. In sessions, not in the cache: a time that was evicted would bring old pages back. */
export class TagTimes {
  readonly #client: Headroom;
  readonly #prefix: string;

  constructor(client: Headroom, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  async read(tags: readonly string[]): Promise<TagTime[]> {
    const ids = [...new Set(tags)].map((tag) => this.#idOf(tag));
    const found = await outsideRender(() => readSessions<TagTime>(this.#client, ids));
    return found.flatMap((one) => (one ? [one.data] : []));
  }

  /** @param durations with them, entries become stale now and end after `expire` seconds; without, they end now. */
  async update(tags: readonly string[], durations?: { expire?: number }): Promise<void> {
    const now = Date.now();
    const time: TagTime = durations ? { stale: now } : { expired: now };
    if (durations?.expire !== undefined) time.expired = now + durations.expire * 1000;
    const kept = { data: time, idleTimeoutSeconds: LONGEST_IDLE_SECONDS, expiresAt: null };
    for (const tag of new Set(tags)) await outsideRender(() => merge(this.#client, this.#idOf(tag), kept));
  }

  /** Tags may be longer than an id. */
  #idOf(tag: string): string {
    return `${this.#prefix}-tag:${createHash("sha256").update(tag).digest("base64url")}`;
  }
}

/** Whether one of the tags ended what was made at this time. An end that lies ahead has not come yet. */
export const expiredSince = (times: readonly TagTime[], madeAt: number): boolean =>
  times.some(({ expired = 0 }) => expired > madeAt && expired <= Date.now());

export const staleSince = (times: readonly TagTime[], madeAt: number): boolean =>
  times.some(({ stale = 0 }) => stale > madeAt);
