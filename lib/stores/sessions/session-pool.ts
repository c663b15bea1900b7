import type { StoreStats } from "../../contracts/memory.ts";
import type { BoundedStore, ReliefStep, Yielder } from "../../ports/bounded-store.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import { NO_QUOTAS, type Quotas } from "../../ports/namespace-quotas.ts";
import type { SessionPast, SessionRow, SessionRows, SessionSelection } from "../../ports/session-rows.ts";
import type { SessionStore, SessionText, SessionView } from "../../ports/session-store.ts";
import type { Clock } from "../../shared/clock.ts";
import type { Condition } from "../../shared/condition.ts";
import type { AppError } from "../../shared/errors.ts";
import type { Json } from "../../shared/json-value.ts";
import { DueUses } from "./due-uses.ts";
import { type Durability, GroupCommit } from "./group-commit.ts";
import { SessionChanges } from "./session-changes.ts";
import { SessionCreation } from "./session-creation.ts";
import { pressure } from "./session-errors.ts";
import { SessionListing } from "./session-listing.ts";
import { SessionLoads } from "./session-loads.ts";
import { SessionMemory } from "./session-memory.ts";
import { sessionRelief } from "./session-relief.ts";
import { NO_TERMS } from "./session-terms.ts";
import { SessionUpkeep } from "./session-upkeep.ts";
import { viewOfRow, viewOfSlot } from "./session-view.ts";
import { SpilledSessions } from "./spilled-sessions.ts";
import { PRESSURE_RETRIES, WriteAdmission } from "./write-admission.ts";
import { WriteQueue } from "./write-queue.ts";

export interface SessionPoolOptions {
  rows: SessionRows;
  account: MemoryAccount;
  quotas?: Quotas;
  clock: Clock;
  maxItems: number;
  idleTimeoutMs: number;
  durability: Durability;
  /** Packing idle values can be switched off, to see what it brings; so can keeping the ones in use ready. */
  packing: boolean;
  hotTier: boolean;
  /** Why the database cannot be written to, where that is known before a commit fails. */
  storageFault?: () => AppError | null;
  onFailure(error: unknown): void;
}

/**
 * Sessions: the ones used last in memory, bounded; every one of them in the database. A change is made in memory and follows
 * to the database within the second (`everysec`) or before it is acknowledged (`always`). What is pushed out of memory comes
 * back on its next use, until its idle timeout. Between looking at a session and changing it no other call runs, so that
 * of two writers who name the same version one fails.
 */
export class SessionPool implements SessionStore, BoundedStore {
  readonly name = "sessions";
  readonly component = "sessions" as const;
  readonly memory: SessionMemory;
  readonly relief: readonly ReliefStep[];
  readonly upkeep: SessionUpkeep;
  readonly listing: SessionListing;
  readonly #queue: WriteQueue;
  readonly #commits: GroupCommit;
  readonly #loads: SessionLoads;
  readonly #uses: DueUses;
  readonly #writes: WriteAdmission;
  readonly #changes: SessionChanges;
  readonly #creation: SessionCreation;
  #durability: Durability;

  constructor(options: SessionPoolOptions) {
    this.#durability = options.durability;
    const { rows, account, quotas = NO_QUOTAS } = options;
    const queue = new WriteQueue(account);
    const spilled = new SpilledSessions(queue);
    const memory = new SessionMemory({ ...options, departures: spilled });
    queue.attach(memory);
    const parts = { rows, memory, queue, spilled, uses: new DueUses(memory.table), durability: () => this.#durability };
    const commits = new GroupCommit(queue, { ...options, ...parts });
    this.#loads = new SessionLoads(parts);
    this.#uses = parts.uses;
    this.#writes = new WriteAdmission({ ...parts, account, quotas, counters: memory.counters, commits });
    this.listing = new SessionListing({ ...parts, commits, loads: this.#loads });
    this.upkeep = new SessionUpkeep({ ...options, ...parts, commits });
    this.#changes = new SessionChanges({ ...parts, commits, loads: this.#loads, writes: this.#writes });
    this.#creation = new SessionCreation({
      ...parts,
      loads: this.#loads,
      writes: this.#writes,
      changes: this.#changes,
    });
    this.relief = sessionRelief(memory);
    this.memory = memory;
    [this.#queue, this.#commits] = [queue, commits];
  }

  /** Held by changes on their way to the database. */
  get queuedBytes(): number {
    return this.#queue.heldBytes;
  }

  stats(): StoreStats {
    return this.memory.stats();
  }

  resize(bounds: { maxItems?: number; maxBytes?: number; ttlMs?: number }): void {
    this.memory.resize(bounds);
  }

  setDurability(durability: Durability): void {
    this.#durability = durability;
  }

  /** @throws {AppError} item-too-large, storage-full, storage-read-only, storage-unavailable, memory-pressure, unprocessable. */
  create(namespace: string, text: string, terms = NO_TERMS): Promise<SessionView> {
    return this.#creation.create(namespace, text, terms);
  }

  /**
   * Begins a session under an id of the caller's: 22 bytes at least, unique within its namespace.
   * @throws {AppError} as `create`; version-mismatch when it is there already; session-ended when it was there within a day,
   *   unless it may be revived.
   */
  createOwn(namespace: string, id: string, text: string, terms = NO_TERMS, revive = false): Promise<SessionView> {
    return this.#creation.createOwn(namespace, id, text, { terms, revive });
  }

  /**
   * Keeps data under an id that the caller derived, whether a session was there or not, so that an import can be sent again.
   * The id must be as unguessable as one of ours. A session that is not there yet goes on from its `past`.
   * @throws {AppError} as `create`; validation-failed when a session with a past was over.
   */
  put(
    id: string,
    namespace: string,
    text: string,
    terms = NO_TERMS,
    past: SessionPast | null = null,
  ): Promise<SessionView> {
    return this.#creation.put(id, namespace, text, terms, past);
  }

  /** The same under an id of the caller's, as an export tells it. An import may bring back what has ended. */
  putOwn(
    id: string,
    namespace: string,
    text: string,
    terms = NO_TERMS,
    past: SessionPast | null = null,
  ): Promise<SessionView> {
    return this.#creation.putOwn(id, namespace, text, terms, past);
  }

  /** Resolves when all that was accepted so far is in the database. @throws {AppError} when it cannot be written. */
  committed(): Promise<void> {
    return this.#commits.committed();
  }

  /** Reads the data and slides the timeout. @throws {AppError} not-found. */
  get(namespace: string, id: string): Promise<SessionText> {
    return this.read(namespace, id, (view, data) => ({ view, text: Buffer.from(data).toString() }));
  }

  /**
   * Slides the timeout and hands the data to `show`, as JSON in UTF-8 and without a copy: they may move as soon as it returns.
   * @throws {AppError} not-found.
   */
  read<Shown>(namespace: string, id: string, show: (view: SessionView, data: Uint8Array) => Shown): Promise<Shown> {
    return this.#loads.visit(namespace, id, {
      resident: (slot) => {
        this.memory.use(slot);
        return show(viewOfSlot(this.memory, slot, id), this.memory.bytes(slot));
      },
      detached: async (row) => show(await this.#useRow(row), row.data),
    });
  }

  /** Reads a session without a use of it, and brings none into memory. @throws {AppError} not-found. */
  peek<Shown>(namespace: string, id: string, show: (view: SessionView, data: Uint8Array) => Shown): Promise<Shown> {
    return this.#loads.look(namespace, id, {
      resident: (slot) => show(viewOfSlot(this.memory, slot, id), this.memory.bytes(slot)),
      detached: (row) => show(viewOfRow(row, row.data.length), row.data),
    });
  }

  /**
   * Slides the timeout, and sets terms that are named. The version stays: nobody's data have changed.
   * @throws {AppError} not-found, unprocessable.
   */
  touch(namespace: string, id: string, terms = NO_TERMS): Promise<SessionView> {
    // A use that is asked for by itself is as durable as any other change.
    return this.#writes.acknowledged(namespace, async () => {
      const touched = await this.#loads.visit(namespace, id, {
        resident: (slot) => {
          // One that sends the same timeout with each touch is as cheap as one that sends none.
          if (!this.memory.table.hasTerms(slot, terms)) return null;
          this.memory.use(slot);
          if (this.#durability === "always" && !this.#uses.saveNow(slot, this.#queue)) throw pressure();
          return viewOfSlot(this.memory, slot, id);
        },
        detached: (row) => {
          if (terms !== NO_TERMS) throw pressure();
          return this.#useRow(row);
        },
      });
      const revision = { patch: undefined, terms, condition: null, isTouch: true };
      return touched ?? (await this.#changes.revise(namespace, id, revision));
    });
  }

  /** Replaces the data. Terms that are not named stay. @throws {AppError} not-found, version-mismatch, and what `create` throws. */
  async replace(
    namespace: string,
    id: string,
    text: string,
    condition: Condition | null,
    terms = NO_TERMS,
  ): Promise<SessionView> {
    return this.#changes.replace(namespace, id, { data: this.#writes.measured(text), terms, condition });
  }

  /** Merges `patch` into the data (RFC 7396); undefined: the data stay. Sets terms that are named. @throws {AppError} as `replace`. */
  async patch(
    namespace: string,
    id: string,
    patch: Json | undefined,
    condition: Condition | null,
    terms = NO_TERMS,
  ): Promise<SessionView> {
    return this.#changes.revise(namespace, id, { patch, terms, condition, isTouch: false });
  }

  /** @throws {AppError} not-found, version-mismatch. */
  delete(namespace: string, id: string, condition: Condition | null): Promise<void> {
    return this.#changes.delete(namespace, id, condition);
  }

  /** Ends all live sessions of a namespace that `which` selects; resolves to their number. */
  async deleteAll(namespace: string, which: SessionSelection): Promise<number> {
    let removed = 0;
    for await (const row of this.listing.rows(namespace, which)) if (await this.#changes.end(row, which.tag)) removed++;
    await this.#writes.durable();
    return removed;
  }

  sweep(yielder: Yielder): Promise<number> {
    return this.upkeep.sweep(yielder);
  }

  /** Slides the timeout of a session that memory has no room for. @throws {AppError} memory-pressure: what is told must hold. */
  async #useRow(row: SessionRow): Promise<SessionView> {
    const lastUsedAtMs = this.memory.nowMs();
    for (let retries = PRESSURE_RETRIES; !this.#queue.addUse({ kind: "use", id: row.id, lastUsedAtMs }); retries--) {
      if (retries === 0) throw pressure();
      await this.#commits.flush();
    }
    return viewOfRow({ ...row, lastUsedAtMs }, row.data.length);
  }
}
