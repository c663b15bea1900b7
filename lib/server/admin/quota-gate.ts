import type { Amount, Quota, QuotaEntry, QuotaGate } from "../../ports/namespace-quotas.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";

interface QuotaCounts {
  /** On disk, after every write that was acknowledged or sent before. */
  kept(): Promise<Amount>;
  /** In memory alone: exact at any time. */
  cached(): Amount;
}

/** So long a count refuses further writes, where nobody says that less is kept: each begins a commit, which others wait for too. */
const COUNT_HOLDS_MS = 250;
/** Where others write all the time, more counts find no better figure. */
const MOST_RECOUNTS = 3;
const NOTHING: ReadonlySet<number> = new Set();

/**
 * What a namespace keeps is never more than `#most` and what is cached: a claim adds to it before anything is written, and what goes
 * away or was claimed for nothing is noticed by the next count. So far below the quota a write costs two comparisons, and
 * one that seems to pass it a look at the database; one that is refused right after another costs none.
 */
export class NamespaceGate implements QuotaGate {
  readonly #counts: QuotaCounts;
  readonly #clock: Clock;
  #quota: Quota;
  /** On disk, or on its way there, at most. */
  #most: Amount;
  /** Claimed by writes that have not ended: a count may have seen them, or not. */
  readonly #open: Amount = { bytes: 0, items: 0 };
  /** Claimed since the last count began. */
  #since: Amount = { bytes: 0, items: 0 };
  #running: Promise<boolean> | null = null;
  #next: Promise<boolean> | null = null;
  /** Changes that were let in or have ended: what was counted before may not hold any more. */
  #changes = 0;
  /** Of the last count that was exact: when it began, and the changes then. */
  #exact = { atMs: Number.NEGATIVE_INFINITY, changes: 0 };

  /** @param kept what is on disk; nothing, where a count follows. */
  constructor(quota: Quota, counts: QuotaCounts, clock: Clock, kept: Amount = { bytes: 0, items: 0 }) {
    this.#quota = quota;
    this.#counts = counts;
    this.#clock = clock;
    this.#most = { ...kept };
  }

  /** Holds for what comes; what is there stays. */
  set quota(quota: Quota) {
    this.#quota = quota;
  }

  /** Nothing is known of what is kept: the next write counts. */
  forget(): void {
    this.#most = { bytes: Number.POSITIVE_INFINITY, items: Number.POSITIVE_INFINITY };
  }

  fits({ bytes, items }: Amount): boolean {
    const cached = this.#counts.cached();
    const { bytes: maxBytes, items: maxItems } = this.#quota;
    const hasBytes = maxBytes === null || bytes <= 0 || this.#most.bytes + cached.bytes + bytes <= maxBytes;
    return hasBytes && (maxItems === null || items <= 0 || this.#most.items + cached.items + items <= maxItems);
  }

  claim(more: Amount): boolean {
    if (!this.fits(more)) return false;
    // What shrinks is given back by the next count, when it is on disk.
    const grown = { bytes: Math.max(0, more.bytes), items: Math.max(0, more.items) };
    for (const amount of [this.#most, this.#since]) grow(amount, grown);
    this.#changes++;
    return true;
  }

  /** Something was removed, perhaps: no count from before refuses any more. */
  mayKeepLess(): void {
    this.#changes++;
  }

  /** Many at once share a count that begins after they asked. After an exact one none begins for a while, where nothing changed. */
  recount(): Promise<boolean> {
    const { atMs, changes } = this.#exact;
    if (changes === this.#changes && this.#clock.monotonicMs() - atMs < COUNT_HOLDS_MS) return Promise.resolve(false);
    this.#next ??= (this.#running ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        this.#next = null;
        this.#running = this.#count();
        return this.#running;
      });
    return this.#next;
  }

  async enter(most: Amount, exact: () => Promise<readonly Amount[]>): Promise<QuotaEntry> {
    if (this.claim(most)) return this.#entry(most, NOTHING);
    const parts = await exact();
    for (let left = MOST_RECOUNTS; ; left--) {
      const mayBeMore = await this.recount();
      const { taken, refused } = this.#choose(parts);
      if (refused.size > 0 && mayBeMore && left > 1) continue;
      if (refused.size === parts.length) return { refused, leave: () => undefined };
      this.claim(taken);
      return this.#entry(taken, refused);
    }
  }

  exceeded(): AppError {
    const { bytes, items } = this.#quota;
    const cached = this.#counts.cached();
    const used = { bytes: this.#most.bytes + cached.bytes, items: this.#most.items + cached.items };
    const of = (figure: number, most: number | null, unit: string) =>
      most === null ? `${figure} ${unit}` : `${figure} of ${most} ${unit}`;
    const detail = `This namespace uses ${of(used.bytes, bytes, "bytes")} and ${of(used.items, items, "items")}; this write needs more. Delete something, or ask the operator for a larger quota.`;
    return new AppError("quota-exceeded", detail, { members: { quota: { bytes, items }, used } });
  }

  /** In their order, as many as fit. */
  #choose(parts: readonly Amount[]): { taken: Amount; refused: ReadonlySet<number> } {
    const taken = { bytes: 0, items: 0 };
    const refused = new Set<number>();
    for (const [index, { bytes, items }] of parts.entries()) {
      // What another part gives back is free when all is written, and not before.
      const grown = { bytes: Math.max(0, bytes), items: Math.max(0, items) };
      const together = {
        bytes: grown.bytes && taken.bytes + grown.bytes,
        items: grown.items && taken.items + grown.items,
      };
      if (this.fits(together)) grow(taken, grown);
      else refused.add(index);
    }
    return { taken, refused };
  }

  #entry(taken: Amount, refused: ReadonlySet<number>): QuotaEntry {
    grow(this.#open, taken);
    const leave = () => {
      grow(this.#open, { bytes: -taken.bytes, items: -taken.items });
      this.mayKeepLess();
    };
    return { refused, leave };
  }

  async #count(): Promise<boolean> {
    const began = { atMs: this.#clock.monotonicMs(), changes: this.#changes };
    const open = { ...this.#open };
    this.#since = { bytes: 0, items: 0 };
    const kept = await this.#counts.kept();
    const unsure = { bytes: open.bytes + this.#since.bytes, items: open.items + this.#since.items };
    this.#most = { bytes: kept.bytes + unsure.bytes, items: kept.items + unsure.items };
    const mayBeMore = unsure.bytes > 0 || unsure.items > 0;
    if (!mayBeMore) this.#exact = began;
    return mayBeMore;
  }
}

function grow(amount: Amount, { bytes, items }: Amount): void {
  amount.bytes += bytes;
  amount.items += items;
}
