import type { AuditEntry, AuditRows } from "../ports/admin-rows.ts";
import type { Clock } from "../shared/clock.ts";
import type { Identity } from "./auth/key-ring.ts";
import type { Log } from "./log.ts";

/** Refusals written per minute; the rest are counted in one line, so that a flood fills neither disk nor queue. */
const MAX_REFUSALS_PER_MINUTE = 60;

/** Who optimized, changed a setting, took a profile, or was refused. */
export class Audit {
  readonly #rows: AuditRows;
  readonly #clock: Clock;
  readonly #log: Log;
  #minute = 0;
  #refusals = 0;

  constructor(rows: AuditRows, clock: Clock, log: Log) {
    this.#rows = rows;
    this.#clock = clock;
    this.#log = log;
  }

  /** Writes what was done; resolves once it is on disk. */
  async done(
    identity: Identity,
    action: string,
    target: string,
    detail: string,
    requestId: string | null,
  ): Promise<void> {
    await this.#rows.insert({ ...this.#entry(identity, action, target, requestId), outcome: "done", detail });
  }

  /** Notes a refusal without making the refused caller wait for the disk. */
  refused(identity: Identity, target: string, code: string, requestId: string): void {
    const minute = Math.floor(this.#clock.monotonicMs() / 60_000);
    if (minute !== this.#minute) {
      if (this.#refusals > MAX_REFUSALS_PER_MINUTE)
        this.#log.warn({ refusals: this.#refusals }, "more refusals than the audit keeps");
      this.#minute = minute;
      this.#refusals = 0;
    }
    this.#refusals += 1;
    if (this.#refusals > MAX_REFUSALS_PER_MINUTE) return;
    this.#rows
      .insert({ ...this.#entry(identity, "refused", target, requestId), outcome: "refused", detail: code })
      .catch((err: unknown) => this.#log.warn({ err }, "a refusal could not be written to the audit"));
  }

  list(limit: number, beforeId: number | null) {
    return this.#rows.list(limit, beforeId);
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
