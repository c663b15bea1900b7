import type { ServedDatabase } from "../../ports/database.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { Log } from "./log.ts";

const LOOK_MS = 1_000;
/** The database thread responds between two commits. Only a hanging disk makes a commit take this long. */
const SILENT_MS = 10_000;

type Watched = Pick<ServedDatabase, "requirePlace" | "setSilent" | "replies">;

/**
 * Whether the database is writable: checked once a second, reported once per change. Nobody waits without end for one that hangs:
 * a request that has waited for 10 s is refused, and later ones at once. What they asked for goes on, and is done or not.
 */
export class StorageWatch {
  readonly #database: Watched;
  readonly #clock: Clock;
  readonly #log: Pick<Log, "error" | "info">;
  #fault: AppError | null = null;
  /** Since when the database has answered nothing, not even others; null while it is asked nothing. */
  #silentSinceMs: number | null = null;
  #replies = 0;
  /** Looks since then. After a stop of the process, or of the event loop, the response may be there unread: time alone proves nothing. */
  #looks = 0;

  /** Requests that are being answered, the oldest first. */
  readonly #answering = new Set<{ reject: (error: AppError) => void; sinceMs: number }>();

  constructor(database: Watched, clock: Clock, log: Pick<Log, "error" | "info">) {
    this.#database = database;
    this.#clock = clock;
    this.#log = log;
  }

  /** Why the database is not writable, for /readyz; null when it is. */
  get fault(): AppError | null {
    return this.#fault;
  }

  /** Checks once a second until the returned function is called. */
  start(): () => void {
    return this.#clock.every(LOOK_MS, () => this.#look());
  }

  /** The same outcome as `work`, or `storage-unavailable` when it has taken 10 s and the database is silent. */
  bounded<Outcome>(work: Promise<Outcome>): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const request = { reject, sinceMs: this.#clock.monotonicMs() };
      this.#answering.add(request);
      // Every request comes through here: `finally` would make three promises more.
      work.then(
        (outcome) => {
          this.#answering.delete(request);
          resolve(outcome);
        },
        (error: unknown) => {
          this.#answering.delete(request);
          reject(error);
        },
      );
    });
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    const hasAnswered = this.#database.replies !== this.#replies;
    this.#replies = this.#database.replies;
    if (this.#silentSinceMs !== null) {
      this.#looks = hasAnswered ? 0 : this.#looks + 1;
      if (hasAnswered) this.#silentSinceMs = nowMs;
      if (nowMs - this.#silentSinceMs < SILENT_MS || this.#looks < SILENT_MS / LOOK_MS) return;
      const silence = new AppError("storage-unavailable", `The database has not responded for ${SILENT_MS / 1000} s.`, {
        retryAfterSeconds: 5,
      });
      this.#database.setSilent(silence);
      this.#tell(silence);
      this.#refuse(silence, nowMs - SILENT_MS);
      return;
    }
    this.#silentSinceMs = nowMs;
    this.#looks = 0;
    this.#database
      .requirePlace()
      .then(
        () => this.#tell(null),
        (error: unknown) => this.#tell(error instanceof AppError ? error : null),
      )
      .finally(() => {
        this.#silentSinceMs = null;
        this.#database.setSilent(null);
      });
  }

  #refuse(silence: AppError, sinceMs: number): void {
    for (const request of this.#answering) {
      if (request.sinceMs > sinceMs) return;
      this.#answering.delete(request);
      request.reject(silence);
    }
  }

  #tell(fault: AppError | null): void {
    if (fault?.message === this.#fault?.message) return;
    this.#fault = fault;
    if (fault === null) this.#log.info("the database is back");
    else this.#log.error({ reason: fault.message }, "the database cannot be written to");
  }
}
