import type { SessionRows, SessionUse } from "../../ports/session-rows.ts";
import { MIB } from "../../shared/bytes.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError, type ProblemCode } from "../../shared/errors.ts";
import { sizeOfChange } from "./queued-change.ts";
import { BATCH_CHANGES, type Batch, type Room, type WriteQueue } from "./write-queue.ts";

export type Durability = "everysec" | "always";

/**
 * `everysec` starts a commit when its first change is this old, or when changes hold so much; the commit itself has the rest of
 * the second. A session that is changed again meanwhile is written once.
 */
const FLUSH_AFTER_MS = 500;
const FLUSH_AT_BYTES = MIB;
const RETRY_AFTER_MS = 500;
/** A writer waits this long for room in the queue before it is told to come again. */
const PATIENCE_MS = 5_000;

interface Waiter {
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** The last uses of sessions in memory, which go along with the next commit. */
export interface LastUses {
  /** They are due now, whatever the time. */
  demand(): void;
  /** Hands over those that are due, at most so many, until `queue` says no. */
  collect(most: number, queue: (use: SessionUse) => boolean): void;
}

export interface GroupCommitOptions {
  rows: SessionRows;
  clock: Clock;
  /** Commits start with the first change (`always`), or up to half a second later (`everysec`). */
  durability(): Durability;
  uses: LastUses;
  /** Why the database cannot be written to, where that is known before a commit fails: its file is gone, or its disk hangs. */
  storageFault?: (() => AppError | null) | undefined;
  onFailure(error: unknown): void;
}

/**
 * Commits what the queue holds. One commit runs at a time, and while it runs the next one gathers, so that a slow disk makes
 * larger groups instead of a longer queue. Writers for whom the queue has no room wait here.
 */
export class GroupCommit {
  readonly #queue: WriteQueue;
  readonly #options: GroupCommitOptions;
  /** When the oldest waiting change came, or earlier. */
  #waitingSinceMs = 0;
  #failure: unknown = null;
  #running: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  readonly #forRoom = new Set<Waiter>();
  readonly #forCommit = new Set<Waiter & { sequence: number }>();

  constructor(queue: WriteQueue, options: GroupCommitOptions) {
    this.#queue = queue;
    this.#options = options;
    queue.follow({
      added: (isOldest) => {
        if (isOldest) this.#waitingSinceMs = options.clock.monotonicMs();
        this.#schedule();
      },
      roomMade: () => {
        for (const waiter of this.#forRoom) waiter.resolve();
      },
    });
  }

  /** Why the last commit failed, or null when it did not. */
  get failure(): unknown {
    return this.#failure;
  }

  /**
   * Sets room aside, waiting for it if need be.
   * @throws {AppError} storage-full, storage-read-only, storage-unavailable, memory-pressure.
   */
  async reserve(dataBytes: number): Promise<Room> {
    this.#checkStorage();
    if (this.#options.rows.roomBytes() - this.#queue.heldBytes < sizeOfChange(dataBytes))
      throw new AppError("storage-full", "The disk quota is used up. Delete data, or raise HEADROOM_DISK_MAX_MB.");
    return this.#reserve(dataBytes);
  }

  /**
   * The same for a change that takes nothing on disk: a full one must not keep anyone from deleting.
   * @throws {AppError} storage-read-only, storage-unavailable, memory-pressure.
   */
  async reserveForRemoval(): Promise<Room> {
    this.#checkStorage("storage-full");
    return this.#reserve(0);
  }

  async #reserve(dataBytes: number): Promise<Room> {
    for (;;) {
      const room = this.#queue.tryReserve(dataBytes);
      if (room) return room;
      await this.#roomMade();
    }
  }

  /** Refuses at once what cannot be kept, since the database fails: what is acknowledged would be gone with this process. */
  #checkStorage(borne?: ProblemCode): void {
    const failure = this.#options.storageFault?.() ?? this.#failure;
    if (!failure) return;
    const refusal = this.#refusal(failure);
    if (refusal.code !== borne) throw refusal;
  }

  /** Waits until a commit has made room. @throws {AppError} when that takes over 5 s, or when the commit fails. */
  async #roomMade(): Promise<void> {
    // With nothing on its way there is nothing to wait for: the memory is held by others.
    if (this.#queue.heldBytes === 0)
      throw new AppError("memory-pressure", "Not enough memory for this write right now. Retry later.", {
        retryAfterSeconds: 1,
      });
    void this.flush();
    await this.#wait(this.#forRoom, {});
  }

  /** Resolves when everything added so far has been committed. @throws {AppError} when the commit fails. */
  async committed(): Promise<void> {
    const sequence = this.#queue.sequence;
    if (this.#queue.oldestSequence > sequence) return;
    // Somebody waits: the timer, which gathers changes that nobody waits for, would only make it longer.
    void this.flush();
    await this.#wait(this.#forCommit, { sequence });
  }

  /** Commits all that waits now, and the last uses that are due. */
  async flush(): Promise<void> {
    await this.#running;
    if (!this.#running) {
      this.#running = this.#drain().finally(() => {
        this.#running = null;
        if (this.#queue.waiting > 0) this.#schedule();
      });
    }
    await this.#running;
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #schedule(): void {
    if (this.#running) return;
    if (
      this.#failure === null &&
      (this.#options.durability() === "always" || this.#queue.heldBytes >= FLUSH_AT_BYTES)
    ) {
      void this.flush();
      return;
    }
    if (this.#cancelTimer !== null) return;
    const waitedMs = this.#options.clock.monotonicMs() - this.#waitingSinceMs;
    const delayMs = this.#failure === null ? Math.max(0, FLUSH_AFTER_MS - waitedMs) : RETRY_AFTER_MS;
    this.#cancelTimer = this.#options.clock.after(delayMs, () => {
      this.#cancelTimer = null;
      void this.flush();
    });
  }

  async #drain(): Promise<void> {
    const last = this.#queue.sequence;
    // What arrives in this turn of the loop goes along: that is the group in group commit.
    await Promise.resolve();
    if (this.#options.durability() === "always") this.#options.uses.demand();
    // What cannot be taken now stays due, and is asked for again.
    this.#options.uses.collect(BATCH_CHANGES, (use) => this.#queue.addUse(use));
    while (this.#queue.waiting > 0) {
      if (!(await this.#commit()) || this.#queue.oldestSequence > last) return;
    }
  }

  async #commit(): Promise<boolean> {
    let batch: Batch;
    try {
      batch = this.#queue.takeBatch();
      await this.#options.rows.apply(batch.changes);
    } catch (error) {
      this.#queue.putBack();
      this.#failure = error;
      this.#options.onFailure(error);
      const refusal = this.#refusal(error);
      for (const waiter of [...this.#forRoom, ...this.#forCommit]) waiter.reject(refusal);
      return false;
    }
    this.#failure = null;
    this.#queue.settle(batch);
    this.#tellCommitted();
    return true;
  }

  #tellCommitted(): void {
    const oldest = this.#queue.oldestSequence;
    for (const waiter of this.#forCommit) if (waiter.sequence < oldest) waiter.resolve();
  }

  #wait<Extra extends object>(waiters: Set<Waiter & Extra>, extra: Extra): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => () => {
        cancel();
        waiters.delete(waiter);
        end();
      };
      const waiter = { ...extra, resolve: settle(resolve), reject: (error: unknown) => settle(() => reject(error))() };
      const cancel = this.#options.clock.after(PATIENCE_MS, () =>
        waiter.reject(
          new AppError("storage-unavailable", "The database is too slow at the moment. Retry later.", {
            retryAfterSeconds: 1,
          }),
        ),
      );
      waiters.add(waiter);
    });
  }

  #refusal(error: unknown): AppError {
    if (error instanceof AppError) return error;
    return new AppError("storage-unavailable", "The database does not answer", {
      retryAfterSeconds: 1,
      cause: error,
    });
  }
}
