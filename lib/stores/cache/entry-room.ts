import type { MemoryAccount } from "../../ports/memory-account.ts";

/** How much a bounded store may hold and how much it does. Every byte is granted by the account before it counts. */
export class EntryRoom {
  readonly #account: MemoryAccount;
  maxItems: number;
  /** Of entries and index. */
  maxBytes: number;
  items = 0;
  entryBytes = 0;
  #indexBytes = 0;
  /** Bytes of what went during an exchange, for what comes: under hard pressure the account grants nothing more. */
  #spareBytes = 0;
  #exchanges = false;

  constructor(account: MemoryAccount, maxItems: number, maxBytes: number) {
    this.#account = account;
    this.maxItems = maxItems;
    this.maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.entryBytes + this.#indexBytes;
  }

  get indexBytes(): number {
    return this.#indexBytes;
  }

  /** False, and nothing has changed, when the account does not grant a larger index. */
  setIndex(bytes: number): boolean {
    const growth = bytes - this.#indexBytes;
    if (growth > 0 && !this.#account.tryReserve(growth)) return false;
    if (growth < 0) this.#account.release(-growth);
    this.#indexBytes = bytes;
    return true;
  }

  /** Whether an entry could be paid for if every other had to go. */
  canPay(sizeBytes: number): boolean {
    const missing = sizeBytes - this.entryBytes;
    if (missing <= 0) return true;
    if (!this.#account.tryReserve(missing)) return false;
    this.#account.release(missing);
    return true;
  }

  /** An entry grows, or shrinks; false where it must not grow. */
  tryGrow(growth: number): boolean {
    if (growth > 0 && (this.bytes + growth > this.maxBytes || !this.#account.tryReserve(growth))) return false;
    if (growth < 0) this.#account.release(-growth);
    this.entryBytes += growth;
    return true;
  }

  /** From here to `endExchange`, what goes pays for what comes. */
  beginExchange(): void {
    this.#exchanges = true;
  }

  endExchange(): void {
    this.#exchanges = false;
    if (this.#spareBytes > 0) this.#account.release(this.#spareBytes);
    this.#spareBytes = 0;
  }

  /** Pays for an entry in an exchange, with what has gone first; false when the account does not grant the rest. */
  tryPay(sizeBytes: number): boolean {
    if (sizeBytes > this.#spareBytes && !this.#account.tryReserve(sizeBytes - this.#spareBytes)) return false;
    this.#spareBytes -= Math.min(this.#spareBytes, sizeBytes);
    return true;
  }

  /** An entry that was paid for is in. */
  added(sizeBytes: number): void {
    this.items += 1;
    this.entryBytes += sizeBytes;
  }

  removed(sizeBytes: number): void {
    this.items -= 1;
    this.entryBytes -= sizeBytes;
    if (this.#exchanges) this.#spareBytes += sizeBytes;
    else this.#account.release(sizeBytes);
  }
}
