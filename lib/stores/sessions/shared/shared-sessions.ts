import type { StoreStats } from "../../../contracts/memory.ts";
import type { BoundedStore, ReliefStep, Yielder } from "../../../ports/bounded-store.ts";
import type { MemoryAccount } from "../../../ports/memory-account.ts";
import { NO_QUOTAS, type Quotas } from "../../../ports/namespace-quotas.ts";
import type { SessionPast, SessionRow, SessionSelection } from "../../../ports/session-rows.ts";
import type { SessionStore, SessionView } from "../../../ports/session-store.ts";
import type { SessionPlace, SharedSessionRows } from "../../../ports/shared-session-rows.ts";
import type { Clock } from "../../../shared/clock.ts";
import type { Condition } from "../../../shared/condition.ts";
import type { Json } from "../../../shared/json-value.ts";
import { StoreCounters } from "../../core/store-counters.ts";
import { newSessionId } from "../id-index.ts";
import { notFound } from "../session-errors.ts";
import { NO_TERMS } from "../session-terms.ts";
import { viewOfRow } from "../session-view.ts";
import { usedAt } from "../used-at.ts";
import { type NearSession, NearSessions } from "./near-sessions.ts";
import { PendingUses } from "./pending-uses.ts";
import { ownPlace, placesOf } from "./session-places.ts";
import { SharedChanges } from "./shared-changes.ts";
import { SharedListing } from "./shared-listing.ts";

/** How often uses are told. */
const USES_MS = 250;
/** The use of a session that would expire sooner is told at once: with others it might come too late. */
const MARGIN_MS = 3_000;
const EXPIRED_AT_ONCE = 200;
const ENDED_AT_ONCE = 100;

export interface SharedSessionsOptions {
  rows: SharedSessionRows;
  /** Of the copies. */
  account: MemoryAccount;
  /** Of uses that are not told yet. Copies fill their own account to the brim, and a copy whose use finds no room answers nothing. */
  usesAccount: MemoryAccount;
  quotas?: Quotas;
  clock: Clock;
  /** Copies on this node. */
  maxItems: number;
  idleTimeoutMs: number;
}

/**
 * Sessions that several nodes share, with a bounded number of copies on this node. Every change is made where they are kept, and
 * every copy of it is dropped: here before it is acknowledged, on other nodes when they are told. Copies answer only while the
 * news are current, so that no answer is older than a second.
 */
export class SharedSessions implements SessionStore, BoundedStore {
  readonly name = "sessions";
  readonly component = "sessions" as const;
  readonly queuedBytes = 0;
  readonly listing: SharedListing;
  readonly relief: readonly ReliefStep[];
  readonly #rows: SharedSessionRows;
  readonly #clock: Clock;
  readonly #account: MemoryAccount;
  readonly #counters: StoreCounters;
  readonly #near: NearSessions;
  readonly #uses: PendingUses;
  readonly #changes: SharedChanges;
  #idleTimeoutMs: number;
  /** Of all namespaces, as of the last sweep. */
  #kept = 0;

  constructor({
    rows,
    account,
    usesAccount,
    quotas = NO_QUOTAS,
    clock,
    maxItems,
    idleTimeoutMs,
  }: SharedSessionsOptions) {
    const counters = new StoreCounters(clock);
    const near = new NearSessions({ account, counters, maxItems });
    this.#rows = rows;
    this.#clock = clock;
    this.#account = account;
    this.#counters = counters;
    this.#near = near;
    this.#uses = new PendingUses({ rows, account: usesAccount, clock });
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#changes = new SharedChanges({ rows, near, quotas, counters, idleTimeoutMs: () => this.#idleTimeoutMs });
    this.listing = new SharedListing(rows, this.#uses);
    this.relief = [spillStep(near)];
    rows.follow(
      (key) => near.drop(key),
      () => near.clear(),
    );
  }

  /** Tells uses four times a second. @returns stops it, with the last of them told. */
  start(): () => Promise<void> {
    // What cannot be told now is told later.
    const tell = () => this.tellUses().catch(() => undefined);
    const stop = this.#clock.every(USES_MS, () => void tell());
    return async () => {
      stop();
      await tell();
    };
  }

  /** Tells the uses that were answered from copies. @throws {AppError} as the rows; what could not be told is told later. */
  tellUses(): Promise<void> {
    return this.#uses.flush();
  }

  stats(): StoreStats {
    const { items, maxItems } = this.#near;
    return {
      store: this.name,
      items,
      maxItems,
      bytes: this.#account.grantedBytes,
      maxBytes: this.#account.ceilingBytes,
      ...this.#counters.snapshot(),
      spilledItems: Math.max(0, this.#kept - items),
      ttlSeconds: this.#idleTimeoutMs / 1000,
      policy: "lru",
    };
  }

  resize({ maxItems, ttlMs }: { maxItems?: number; ttlMs?: number }): void {
    if (maxItems !== undefined) this.#near.resize(maxItems);
    if (ttlMs !== undefined) this.#idleTimeoutMs = ttlMs;
  }

  async sweep(yielder: Yielder): Promise<number> {
    this.#near.expire(this.#rows.nowMs());
    let removed = 0;
    for (let last = EXPIRED_AT_ONCE; last === EXPIRED_AT_ONCE; ) {
      last = await this.#rows.expire(EXPIRED_AT_ONCE);
      removed += last;
      await yielder.yield();
    }
    this.#counters.removed("expired", removed);
    this.#kept = await this.#rows.count();
    return removed;
  }

  create(namespace: string, text: string, terms = NO_TERMS): Promise<SessionView> {
    const place = { key: newSessionId(), namespace, ownId: null };
    return this.#changes.begin(place, text, { mode: "begin", terms, past: null });
  }

  async createOwn(namespace: string, id: string, text: string, terms = NO_TERMS, revive = false): Promise<SessionView> {
    return this.#changes.begin(ownPlace(namespace, id), text, { mode: revive ? "revive" : "begin", terms, past: null });
  }

  put(
    id: string,
    namespace: string,
    text: string,
    terms = NO_TERMS,
    past: SessionPast | null = null,
  ): Promise<SessionView> {
    return this.#changes.begin({ key: id, namespace, ownId: null }, text, { mode: "put", terms, past });
  }

  async putOwn(
    id: string,
    namespace: string,
    text: string,
    terms = NO_TERMS,
    past: SessionPast | null = null,
  ): Promise<SessionView> {
    return this.#changes.begin(ownPlace(namespace, id), text, { mode: "put", terms, past });
  }

  /** What is acknowledged is kept already; a use that is not told yet was never promised. */
  committed(): Promise<void> {
    return Promise.resolve();
  }

  async read<Shown>(
    namespace: string,
    id: string,
    show: (view: SessionView, data: Uint8Array) => Shown,
  ): Promise<Shown> {
    const places = placesOf(namespace, id);
    const near = this.#rows.isCurrent ? this.#nearest(places) : null;
    if (near !== null && this.#uses.add(near.row.id)) {
      near.lastUsedAtMs = Math.max(near.lastUsedAtMs, this.#rows.nowMs());
      this.#counters.hit();
      return show(viewOfNear(near), near.row.data);
    }
    this.#counters.miss();
    for (const place of places) {
      const row = await this.#use(place);
      if (row !== null) return show(viewOfRow(row, row.data.length), row.data);
    }
    throw notFound();
  }

  async peek<Shown>(
    namespace: string,
    id: string,
    show: (view: SessionView, data: Uint8Array) => Shown,
  ): Promise<Shown> {
    for (const place of placesOf(namespace, id)) {
      await this.#uses.tell(place.key);
      const row = await this.#rows.look(place);
      if (row !== null) return show(viewOfRow(row, row.data.length), row.data);
    }
    throw notFound();
  }

  touch(namespace: string, id: string, terms = NO_TERMS): Promise<SessionView> {
    return this.#changes.change(namespace, id, { text: null, terms, condition: null, bumps: false });
  }

  async replace(
    namespace: string,
    id: string,
    text: string,
    condition: Condition | null,
    terms = NO_TERMS,
  ): Promise<SessionView> {
    return this.#changes.change(namespace, id, { text, terms, condition, bumps: true });
  }

  patch(
    namespace: string,
    id: string,
    patch: Json | undefined,
    condition: Condition | null,
    terms = NO_TERMS,
  ): Promise<SessionView> {
    if (patch === undefined) return this.#changes.change(namespace, id, { text: null, terms, condition, bumps: true });
    return this.#changes.merge(namespace, id, { patch, terms, condition });
  }

  async delete(namespace: string, id: string, condition: Condition | null): Promise<void> {
    for (const place of placesOf(namespace, id)) if (await this.#changes.end(place, condition)) return;
    throw notFound();
  }

  async deleteAll(namespace: string, which: SessionSelection): Promise<number> {
    let removed = 0;
    let keys: string[] = [];
    const end = async () => {
      removed += await this.#rows.endMany(namespace, which.tag, keys);
      for (const key of keys) this.#near.drop(key);
      keys = [];
    };
    for await (const { id } of this.listing.rows(namespace, which)) if (keys.push(id) === ENDED_AT_ONCE) await end();
    if (keys.length > 0) await end();
    this.#counters.removed("deleted", removed);
    return removed;
  }

  /** A use that may be told with others costs a plain read; one shortly before the session's end is told by the read. */
  async #use(place: SessionPlace): Promise<SessionRow | null> {
    const { key } = place;
    const filling = this.#near.begin(key);
    // News that were not current when it was read may have missed what changed since.
    const wasCurrent = this.#rows.isCurrent;
    let row: SessionRow | null = null;
    try {
      row = await this.#rows.look(place);
      if (row !== null && !(this.#hasTime(row) && this.#uses.add(key))) row = await this.#rows.use(place);
    } finally {
      this.#near.end(key, filling, wasCurrent && this.#rows.isCurrent ? row : null);
    }
    return row && usedAt(row, Math.max(row.lastUsedAtMs, this.#rows.nowMs()));
  }

  /** Whether it lives for long enough to tell its use later. */
  #hasTime({ lastUsedAtMs, idleTimeoutMs, endsAtMs }: SessionRow): boolean {
    const nowMs = this.#rows.nowMs();
    return lastUsedAtMs + idleTimeoutMs > nowMs + MARGIN_MS && endsAtMs > nowMs;
  }

  /** A copy that its use need not be told of at once. */
  #nearest(places: readonly SessionPlace[]): NearSession | null {
    for (const { key, namespace, ownId } of places) {
      const near = this.#near.get(key);
      if (near?.row.namespace !== namespace || near.row.ownId !== ownId) continue;
      return this.#hasTime(near.row) ? near : null;
    }
    return null;
  }
}

const viewOfNear = ({ row, lastUsedAtMs }: NearSession): SessionView => {
  const view = viewOfRow(row, row.data.length);
  view.lastUsedAtMs = lastUsedAtMs;
  view.expiresAtMs = Math.min(lastUsedAtMs + row.idleTimeoutMs, row.endsAtMs);
  return view;
};

/** Drops copies, the ones used longest ago first: their sessions are elsewhere. */
function spillStep(near: NearSessions): ReliefStep {
  return {
    kind: "spill",
    predict: (targetBytes) => near.predict(targetBytes),
    async run(targetBytes, yielder) {
      const relief = { items: 0, freedBytes: 0 };
      while (relief.freedBytes < targetBytes && near.items > 0) {
        relief.freedBytes += near.spillOldest();
        relief.items++;
        if (yielder.spent) await yielder.yield();
      }
      return relief;
    },
  };
}
