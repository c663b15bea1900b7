import type { StoreStats } from "../../../contracts/memory.ts";
import type { BoundedStore, Relief, ReliefStep, Yielder } from "../../../ports/bounded-store.ts";
import type { MemoryAccount } from "../../../ports/memory-account.ts";
import type { VectorStore } from "./vector-store.ts";

/** Vectors cooled, or blocks of codes released, before the yielder is asked. */
const COOLED_AT_A_TIME = 64;

/** The vector store as the sampler, the optimizer and the settings know it. Nothing it releases is lost: all of it is on disk. */
export class BoundedVectors implements BoundedStore {
  readonly name = "vectors";
  readonly component = "vectors";
  readonly relief: readonly ReliefStep[];
  readonly #store: VectorStore;
  readonly #account: MemoryAccount;

  constructor(store: VectorStore, account: MemoryAccount) {
    this.#store = store;
    this.#account = account;
    this.relief = [this.#compact(), this.#spill(), this.#evict()];
  }

  stats(): StoreStats {
    const { memory, counters } = this.#store;
    return {
      store: this.name,
      items: memory.hotCount,
      maxItems: memory.maxHot,
      bytes: memory.bytes,
      maxBytes: this.#account.ceilingBytes,
      ...counters.snapshot(),
      spilledItems: Math.max(0, this.#store.points - memory.hotCount),
      ttlSeconds: null,
      policy: "lru",
    };
  }

  resize(bounds: { maxItems?: number; maxBytes?: number }): void {
    if (bounds.maxItems !== undefined) this.#store.memory.resize(bounds.maxItems);
    if (bounds.maxBytes !== undefined) this.#store.memory.fit(bounds.maxBytes);
  }

  /** Vectors do not expire. */
  async sweep(): Promise<number> {
    return 0;
  }

  /** Moves what is left in half-empty slabs together. */
  #compact(): ReliefStep {
    const { memory } = this.#store;
    return {
      kind: "compact",
      predict: () => ({ items: 0, freedBytes: memory.compactableBytes }),
      run: async () => ({ items: 0, freedBytes: memory.compact() }),
    };
  }

  /** Hot vectors become cold, the least recently used first: still found, re-scored from disk. */
  #spill(): ReliefStep {
    const { memory } = this.#store;
    return {
      kind: "spill",
      predict: (targetBytes) => memory.predictCooling(targetBytes),
      run: (targetBytes, yielder) => this.#relieve(targetBytes, yielder, () => memory.coolMany(COOLED_AT_A_TIME)),
    };
  }

  /** Codes leave memory: searches of their collection read the disk. The last resort. */
  #evict(): ReliefStep {
    const { memory } = this.#store;
    return {
      kind: "evict",
      predict: (targetBytes) => memory.predictShedding(targetBytes),
      run: (targetBytes, yielder) => this.#relieve(targetBytes, yielder, () => memory.shedBlock()),
    };
  }

  /** What writers took meanwhile is not counted: a step reports what it freed. */
  async #relieve(targetBytes: number, yielder: Yielder, step: () => number): Promise<Relief> {
    const { memory } = this.#store;
    let freedBytes = 0;
    let items = 0;
    const free = (work: () => number): number => {
      const before = memory.bytes;
      const gone = work();
      freedBytes += before - memory.bytes;
      return gone;
    };
    while (freedBytes < targetBytes) {
      const gone = free(() => {
        const count = step();
        memory.compactOne();
        return count;
      });
      if (gone === 0) break;
      items += gone;
      if (yielder.spent) await yielder.yield();
    }
    free(() => memory.compact());
    // Moving payloads together may take a chunk before it frees one.
    return { items, freedBytes: Math.max(0, freedBytes) };
  }
}
