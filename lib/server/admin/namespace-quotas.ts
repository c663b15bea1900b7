import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { Amount, Kept, Quota, QuotaRow, QuotaRows, Quotas } from "../../ports/namespace-quotas.ts";
import type { Clock } from "../../shared/clock.ts";
import { type Condition, holds } from "../../shared/condition.ts";
import { AppError } from "../../shared/errors.ts";
import { KeyedLock } from "../../shared/keyed-lock.ts";
import { NamespaceGate } from "./quota-gate.ts";

/** Namespaces that may have a quota. */
export const MAX_QUOTAS = 10_000;
/** A gate with its name, in the map. */
const GATE_BYTES = 1_024;
const NOTHING: Amount = { bytes: 0, items: 0 };
const NO_QUOTA: Quota = { bytes: null, items: null };

/** What quotas ask of the stores that keep something outside of the database, or not there yet. */
interface CountedStores {
  /** Resolves when every session that was acknowledged is on disk. */
  committed(): Promise<void>;
  /** What the cache holds of a namespace, where it is in memory alone. */
  cached(namespace: string): Amount;
  /** Cached responses where they are kept elsewhere; null: they are in memory. */
  responses: ((namespace: string) => Promise<Amount>) | null;
  /** Sessions where they are kept elsewhere; null: they are in the database. */
  sessions: ((namespace: string) => Promise<Amount>) | null;
}

export interface NamespaceUsage {
  quota: Quota;
  /** 0: it has no quota. */
  version: number;
  /** Null: it has no quota, so nobody counts. */
  used: (Kept & { cache: Amount }) | null;
}

/** The quotas of namespaces, of which a bounded number is held and paid for. A namespace without one costs a look into a map. */
export class NamespaceQuotas implements Quotas {
  readonly #rows: QuotaRows;
  readonly #account: MemoryAccount;
  readonly #clock: Clock;
  readonly #gates = new Map<string, NamespaceGate>();
  /** Gates that the account has paid for. */
  #paid = 0;
  /** The last version of any quota: one that is set again after a lift has a version that nobody has seen. */
  #newest = 0;
  #stores: CountedStores = { committed: async () => undefined, cached: () => NOTHING, responses: null, sessions: null };
  /** Changes of one namespace run one after another; a first count of another may take long. */
  readonly #changing = new KeyedLock();

  private constructor(rows: QuotaRows, account: MemoryAccount, clock: Clock) {
    this.#rows = rows;
    this.#account = account;
    this.#clock = clock;
  }

  static async open(rows: QuotaRows, account: MemoryAccount, clock: Clock): Promise<NamespaceQuotas> {
    const quotas = new NamespaceQuotas(rows, account, clock);
    for (const { namespace, quota, kept, version } of await rows.all()) {
      quotas.#newest = Math.max(quotas.#newest, version);
      // Those that were accepted hold, whatever the limit is today.
      if (account.tryReserve(GATE_BYTES)) quotas.#paid++;
      quotas.#hold(namespace, quota, sum(Object.values(kept)));
    }
    return quotas;
  }

  /** Names the stores that are counted beside the database. Once, before the first request. */
  attach(stores: CountedStores): void {
    this.#stores = stores;
    // What is kept elsewhere was not there to be counted.
    if (stores.sessions !== null || stores.responses !== null) for (const gate of this.#gates.values()) gate.forget();
  }

  of(namespace: string): NamespaceGate | null {
    return this.#gates.size === 0 ? null : (this.#gates.get(namespace) ?? null);
  }

  /** Namespaces with a quota. */
  names(): string[] {
    return [...this.#gates.keys()];
  }

  /** What these namespaces may keep and do keep, in their order. While sessions cannot be committed: of these what is on disk. */
  async views(namespaces: readonly string[]): Promise<NamespaceUsage[]> {
    if (this.#gates.size > 0) await this.#stores.committed().catch(() => undefined);
    const rows = new Map((await this.#rows.find(namespaces)).map((row) => [row.namespace, row]));
    return Promise.all(
      namespaces.map(async (namespace) => {
        const row = this.#gates.has(namespace) ? rows.get(namespace) : undefined;
        if (!row) return { quota: NO_QUOTA, version: 0, used: null };
        return { quota: row.quota, version: row.version, used: await this.#usedOf(row) };
      }),
    );
  }

  /**
   * Sets a namespace's quota, or lifts it with two nulls. What is there stays, even where it is more.
   *
   * @throws {AppError} `version-mismatch`, `conflict` at 10,000 quotas, `memory-pressure`.
   */
  set(namespace: string, quota: Quota, condition: Condition | null): Promise<NamespaceUsage> {
    return this.#changing.run(namespace, async () => {
      // One that could not be set, nor be removed again, is none.
      const [before] = this.#gates.has(namespace) ? await this.#rows.find([namespace]) : [];
      requireVersion(condition, before?.version ?? 0);
      if (quota.bytes === null && quota.items === null) await this.#lift(namespace);
      else await this.#change(namespace, quota);
      const [view] = await this.views([namespace]);
      return view as NamespaceUsage;
    });
  }

  async #change(namespace: string, quota: Quota): Promise<void> {
    // By the clock, since a restart forgets the versions of quotas that were lifted.
    const version = Math.max(this.#clock.nowMs(), this.#newest + 1);
    this.#newest = version;
    const known = this.#gates.get(namespace);
    if (known) {
      await this.#rows.set(namespace, quota, version);
      known.quota = quota;
      return;
    }
    if (this.#gates.size >= MAX_QUOTAS)
      throw new AppError("conflict", `${MAX_QUOTAS} namespaces have a quota; lift one first.`);
    if (!this.#account.tryReserve(GATE_BYTES))
      throw new AppError("memory-pressure", "Not enough memory for another quota right now. Retry later.", {
        retryAfterSeconds: 1,
      });
    this.#paid++;
    // There before the rows are counted, so that whoever asks meanwhile is counted by one of the two. Who asked before and writes only
    // after the count below is not refused, and missing in the figure until the next count. By so much the quota may be passed.
    const gate = this.#hold(namespace, quota);
    try {
      await this.#rows.set(namespace, quota, version);
      await gate.recount();
    } catch (error) {
      await this.#rows.lift(namespace).catch(() => undefined);
      this.#release(namespace);
      throw error;
    }
  }

  async #lift(namespace: string): Promise<void> {
    await this.#rows.lift(namespace);
    if (this.#gates.has(namespace)) this.#release(namespace);
  }

  #hold(namespace: string, quota: Quota, kept?: Amount): NamespaceGate {
    const counts = {
      kept: async () => {
        await this.#stores.committed();
        const [row] = await this.#rows.find([namespace]);
        if (!row) return NOTHING;
        const { cache, ...kept } = await this.#usedOf(row);
        // What is in memory alone is counted with every look.
        return sum(this.#stores.responses === null ? Object.values(kept) : [...Object.values(kept), cache]);
      },
      cached: () => this.#stores.cached(namespace),
    };
    const gate = new NamespaceGate(quota, counts, this.#clock, kept);
    this.#gates.set(namespace, gate);
    return gate;
  }

  #release(namespace: string): void {
    this.#gates.delete(namespace);
    if (this.#paid <= this.#gates.size) return;
    this.#paid--;
    this.#account.release(GATE_BYTES);
  }

  /** In the database, in memory, and elsewhere. */
  async #usedOf({ namespace, kept }: QuotaRow): Promise<Kept & { cache: Amount }> {
    const { sessions, responses, cached } = this.#stores;
    const session = sessions === null ? kept.session : await sessions(namespace);
    const cache = responses === null ? cached(namespace) : await responses(namespace);
    return { ...kept, session, cache };
  }
}

export function sum(amounts: readonly Amount[]): Amount {
  return amounts.reduce((all, { bytes, items }) => ({ bytes: all.bytes + bytes, items: all.items + items }), {
    bytes: 0,
    items: 0,
  });
}

/** Without a quota `0` is told and may be named, and `*` names nothing. */
function requireVersion(condition: Condition | null, version: number): void {
  if (condition === null) return;
  const isAny = [...condition.match.flat(), ...condition.noneMatch].includes("*");
  if (holds(condition, version === 0 && isAny ? [] : [String(version)])) return;
  throw new AppError(
    "version-mismatch",
    "The current version does not meet the precondition. Read it again, then retry.",
  );
}
