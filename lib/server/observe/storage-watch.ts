import type { DatabaseClient } from "../../backends/sqlite/database-client.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { Log } from "./log.ts";

const LOOK_MS = 1_000;
/** The database thread responds between two commits. Only a hanging disk makes a commit take this long. */
const SILENT_MS = 10_000;

/** Whether the database is writable: checked once a second, reported once per change. */
export class StorageWatch {
  readonly #database: Pick<DatabaseClient, "requirePlace">;
  readonly #clock: Clock;
  readonly #log: Pick<Log, "error" | "info">;
  #fault: AppError | null = null;
  #askedAtMs: number | null = null;

  constructor(database: Pick<DatabaseClient, "requirePlace">, clock: Clock, log: Pick<Log, "error" | "info">) {
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

  #look(): void {
    if (this.#askedAtMs !== null) {
      if (this.#clock.monotonicMs() - this.#askedAtMs < SILENT_MS) return;
      this.#tell(new AppError("storage-unavailable", `The database has not responded for ${SILENT_MS / 1000} s.`));
      return;
    }
    this.#askedAtMs = this.#clock.monotonicMs();
    this.#database
      .requirePlace()
      .then(
        () => this.#tell(null),
        (error: unknown) => this.#tell(error instanceof AppError ? error : null),
      )
      .finally(() => {
        this.#askedAtMs = null;
      });
  }

  #tell(fault: AppError | null): void {
    if (fault?.message === this.#fault?.message) return;
    this.#fault = fault;
    if (fault === null) this.#log.info("the database is back");
    else this.#log.error({ reason: fault.message }, "the database cannot be written to");
  }
}
