/** A namespace with entries in a store, and what these hold. */
export interface Owner {
  readonly name: string;
  items: number;
  bytes: number;
}

/** What a shared bound counts. */
export type Measure = "items" | "bytes";

/** Who asks for room, and for how much of what is short. */
export interface Ask {
  readonly owner: Owner | null;
  readonly measure: Measure;
  readonly more: number;
}

/**
 * Who holds what of a store that namespaces share. Each has an equal share of what is held; who is beyond it gives first. Only
 * namespaces that hold something are kept, so there are never more than entries.
 */
export class Owners {
  readonly #byName = new Map<string, Owner>();
  readonly #held: Record<Measure, number> = { items: 0, bytes: 0 };

  /** Namespaces that hold something. */
  get count(): number {
    return this.#byName.size;
  }

  /** The namespace's own record; held by its entries, and by this once it holds something. */
  of(name: string): Owner {
    return this.#byName.get(name) ?? { name, items: 0, bytes: 0 };
  }

  add(owner: Owner, items: number, bytes: number): void {
    owner.items += items;
    owner.bytes += bytes;
    this.#held.items += items;
    this.#held.bytes += bytes;
    if (owner.items > 0 || owner.bytes > 0) this.#byName.set(owner.name, owner);
    else this.#byName.delete(owner.name);
  }

  /** Whether an entry of the owner may go: it holds more than its share, with what it asks for. O(1). */
  isBeyondShare(owner: Owner, { owner: asker, measure, more }: Ask): boolean {
    const sharers = this.#byName.size + (asker !== null && !this.#byName.has(asker.name) ? 1 : 0);
    return (owner[measure] + (owner === asker ? more : 0)) * sharers > this.#held[measure];
  }
}
