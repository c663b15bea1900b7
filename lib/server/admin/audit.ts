import { LRUCache } from "lru-cache";
import type { AuditEntry, AuditRows } from "../../ports/admin-rows.ts";
import type { Clock } from "../../shared/clock.ts";
import type { Identity } from "../auth/held-key.ts";
import type { Log } from "../observe/log.ts";

/** Repetitions by one key within this time are one episode and get one entry. */
const EPISODE_MS = 600_000;
/** Number of episodes remembered. The least recently repeated one is dropped; a repetition of it is written again. */
const MAX_EPISODES = 10_000;

interface Episode {
  endsAtMs: number;
  repeats: number;
}

/** The audit log: optimizations, changes of settings, profiles, sign-ins and refusals, each with its actor. */
export class Audit {
  readonly #rows: AuditRows;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #episodes: LRUCache<string, Episode>;

  constructor(rows: AuditRows, clock: Clock, log: Log) {
    this.#rows = rows;
    this.#clock = clock;
    this.#log = log;
    this.#episodes = new LRUCache({ max: MAX_EPISODES });
  }

  /** Records an action; resolves once it is on disk. */
  async done(
    identity: Identity,
    action: string,
    target: string,
    detail: string,
    requestId: string | null,
  ): Promise<void> {
    await this.#rows.insert({ ...this.#entry(identity, action, target, requestId), outcome: "done", detail });
  }

  /** Records a sign-in, but only the first of each episode: a thousand repetitions add no information. */
  async signedIn(identity: Identity, requestId: string): Promise<void> {
    if (this.#repeats(identity, "auth.sign-in")) return;
    await this.done(identity, "auth.sign-in", identity.keyId, "", requestId);
  }

  /** Records a refusal, only the first of each episode, without making the caller wait for the disk. */
  refused(identity: Identity, target: string, code: string, requestId: string): void {
    if (this.#repeats(identity, `${code} ${target}`)) return;
    this.#rows
      .insert({ ...this.#entry(identity, "refused", target, requestId), outcome: "refused", detail: code })
      .catch((err: unknown) => this.#log.warn({ err }, "a refusal could not be written to the audit"));
  }

  list(limit: number, beforeId: number | null) {
    return this.#rows.list(limit, beforeId);
  }

  /** False for the first of an episode of this key. */
  #repeats({ keyId }: Identity, what: string): boolean {
    const name = `${keyId} ${what}`;
    const nowMs = this.#clock.monotonicMs();
    const known = this.#episodes.get(name);
    if (known && nowMs < known.endsAtMs) {
      known.repeats += 1;
      return true;
    }
    if (known && known.repeats > 0)
      this.#log.warn({ keyId, what, repeats: known.repeats }, "repeated, and audited once");
    this.#episodes.set(name, { endsAtMs: nowMs + EPISODE_MS, repeats: 0 });
    return false;
  }

  #entry(
    identity: Identity,
    action: string,
    target: string,
    requestId: string | null,
  ): Omit<AuditEntry, "outcome" | "detail"> {
    return {
      atMs: this.#clock.nowMs(),
      actor: identity.name,
      namespace: identity.namespace,
      action,
      target,
      requestId,
    };
  }
}
