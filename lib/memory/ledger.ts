import type { Component } from "../contracts/memory.ts";
import type { MemoryAccount } from "../ports/memory-account.ts";

export interface LedgerOptions {
  /** The effective limit of the whole process, helpers included. */
  limitBytes: number;
  /** What the process held before any store had an item. */
  runtimeBytes: number;
}

/** Accounts of what a consumer can make again, the most easily remade first. */
export const EXPENDABLE: readonly string[] = ["cache", "query-cache", "embeddings"];

/** Accounts whose memory is lent for a while, and comes into use after it was granted. */
const LENT: readonly string[] = ["streams", "cache-decoders"];

/** `expendable` above the elevated level: memory then goes to what would be missed. `all` at the hard bound. */
export type Throttled = "nothing" | "expendable" | "all";

/**
 * The one book of memory. After every call the grants of all accounts together are at most `limitBytes − runtimeBytes`,
 * and each account's at most its own ceiling. A limit that falls below what is already granted takes nothing away by
 * itself: nothing more is granted until enough has come back.
 */
export class Ledger {
  readonly #accounts = new Map<string, Account>();
  #limitBytes: number;
  #runtimeBytes: number;
  #grantedBytes = 0;
  #throttled: Throttled = "nothing";

  constructor({ limitBytes, runtimeBytes }: LedgerOptions) {
    this.#limitBytes = limitBytes;
    this.#runtimeBytes = runtimeBytes;
  }

  get limitBytes(): number {
    return this.#limitBytes;
  }

  get runtimeBytes(): number {
    return this.#runtimeBytes;
  }

  /** All grants together. */
  get grantedBytes(): number {
    return this.#grantedBytes;
  }

  /** Lent now: granted, and perhaps not yet in use. */
  get lentBytes(): number {
    return LENT.reduce((sum, name) => sum + (this.#accounts.get(name)?.grantedBytes ?? 0), 0);
  }

  /** What may still be granted. */
  get freeBytes(): number {
    return Math.max(0, this.#limitBytes - this.#runtimeBytes - this.#grantedBytes);
  }

  setLimit(limitBytes: number): void {
    this.#limitBytes = limitBytes;
  }

  setRuntime(runtimeBytes: number): void {
    this.#runtimeBytes = runtimeBytes;
  }

  /** What is throttled is granted nothing more: the store makes room out of its own, or refuses. */
  throttle(throttled: Throttled): void {
    this.#throttled = throttled;
  }

  /**
   * Opens an account. Several may share a component (`rag` has documents, query cache and conversations).
   *
   * @throws {RangeError} when the name is taken: two stores must not share a count.
   */
  open(name: string, component: Component, ceilingBytes: number): LedgerAccount {
    if (this.#accounts.has(name)) throw new RangeError(`the ledger has an account ${name} already`);
    const account = new Account(component, ceilingBytes, {
      reserve: (bytes) => this.#reserve(bytes, EXPENDABLE.includes(name)),
      release: (bytes) => {
        this.#grantedBytes -= bytes;
      },
    });
    this.#accounts.set(name, account);
    return account;
  }

  /** Granted bytes per component, for the components that have an account. */
  byComponent(): Map<Component, number> {
    const sums = new Map<Component, number>();
    for (const { component, grantedBytes } of this.#accounts.values()) {
      sums.set(component, (sums.get(component) ?? 0) + grantedBytes);
    }
    return sums;
  }

  #reserve(bytes: number, expendable: boolean): boolean {
    if (this.#throttled === "all" || (expendable && this.#throttled === "expendable")) return false;
    if (bytes > this.freeBytes) return false;
    this.#grantedBytes += bytes;
    return true;
  }
}

export interface LedgerAccount extends MemoryAccount {
  /** A lower ceiling than what is granted takes nothing away: the store shrinks itself. */
  setCeiling(bytes: number): void;
}

interface Book {
  reserve(bytes: number): boolean;
  release(bytes: number): void;
}

class Account implements LedgerAccount {
  readonly component: Component;
  readonly #book: Book;
  #ceilingBytes: number;
  #grantedBytes = 0;

  constructor(component: Component, ceilingBytes: number, book: Book) {
    this.component = component;
    this.#ceilingBytes = ceilingBytes;
    this.#book = book;
  }

  get grantedBytes(): number {
    return this.#grantedBytes;
  }

  get ceilingBytes(): number {
    return this.#ceilingBytes;
  }

  setCeiling(bytes: number): void {
    this.#ceilingBytes = bytes;
  }

  tryReserve(bytes: number): boolean {
    requireBytes(bytes);
    if (this.#grantedBytes + bytes > this.#ceilingBytes || !this.#book.reserve(bytes)) return false;
    this.#grantedBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    requireBytes(bytes);
    if (bytes > this.#grantedBytes) {
      throw new RangeError(`${bytes} bytes given back of ${this.#grantedBytes} granted to ${this.component}`);
    }
    this.#grantedBytes -= bytes;
    this.#book.release(bytes);
  }
}

function requireBytes(bytes: number): void {
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`${bytes} is not a number of bytes`);
}
