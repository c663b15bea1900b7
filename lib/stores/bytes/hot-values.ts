import type { MemoryAccount } from "../../ports/memory-account.ts";
import { grown } from "../core/grown.ts";
import { RecencyList } from "../core/recency-list.ts";

/**
 * The values that are asked for most lately, ready to use, by slot number: a small copy of what the slabs hold, so that a hit
 * costs no decoding. Bounded by bytes; each is charged to the account, and where the account refuses there is simply none.
 */
export class HotValues<Value> {
  /** An array element, its size, and the list. */
  static readonly BYTES_PER_SLOT = 8 + 4 + RecencyList.BYTES_PER_SLOT;
  readonly #account: MemoryAccount;
  readonly #values: (Value | undefined)[] = [];
  readonly #recency: RecencyList;
  #sizes: Uint32Array;
  #heldBytes = 0;

  constructor(account: MemoryAccount, capacity: number) {
    this.#account = account;
    this.#recency = new RecencyList(capacity);
    this.#sizes = new Uint32Array(capacity);
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get items(): number {
    return this.#recency.length;
  }

  grow(capacity: number): void {
    this.#recency.grow(capacity);
    this.#sizes = grown(this.#sizes, capacity);
  }

  get(slot: number): Value | undefined {
    const value = this.#values[slot];
    if (value !== undefined) this.#recency.touch(slot);
    return value;
  }

  /** Keeps `value` if it fits `budgetBytes` after older ones have made room. */
  offer(slot: number, value: Value, bytes: number, budgetBytes: number): void {
    this.drop(slot);
    if (bytes > budgetBytes) return;
    this.shrinkTo(budgetBytes - bytes);
    if (!this.#account.tryReserve(bytes)) return;
    this.#values[slot] = value;
    this.#sizes[slot] = bytes;
    this.#heldBytes += bytes;
    this.#recency.touch(slot);
  }

  drop(slot: number): void {
    if (this.#values[slot] === undefined) return;
    const bytes = this.#sizes[slot] ?? 0;
    this.#values[slot] = undefined;
    this.#heldBytes -= bytes;
    this.#account.release(bytes);
    this.#recency.remove(slot);
  }

  /** Releases the oldest until at most `bytes` are held. */
  shrinkTo(bytes: number): void {
    while (this.#heldBytes > bytes) this.drop(this.#recency.oldest);
  }
}
