import type { MemoryAccount } from "../../ports/memory-account.ts";

/** An entry of the map, its object, and the text's header. */
const ENTRY_BYTES = 160;
const bytesFor = (text: string): number => (text === "" ? 0 : ENTRY_BYTES + 2 * text.length);

interface Tagged {
  text: string;
  /** Charged for it. */
  bytes: number;
}

/** The tags of the sessions in memory that have some, as JSON lists, charged to the account; of the others nothing is kept. */
export class SessionTags {
  readonly #account: MemoryAccount;
  readonly #bySlot = new Map<number, Tagged>();
  #heldBytes = 0;

  constructor(account: MemoryAccount) {
    this.#account = account;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Empty when the session has none. */
  of(slot: number): string {
    return this.#bySlot.size === 0 ? "" : (this.#bySlot.get(slot)?.text ?? "");
  }

  /** Pays for `text` before it is set; false when the account grants too little. What was there stays until then. */
  hold(slot: number, text: string): boolean {
    const held = this.#bySlot.get(slot);
    const missing = bytesFor(text) - (held?.bytes ?? 0);
    if (missing <= 0) return true;
    if (!this.#account.tryReserve(missing)) return false;
    this.#heldBytes += missing;
    if (held) held.bytes += missing;
    else this.#bySlot.set(slot, { text: "", bytes: missing });
    return true;
  }

  /** Sets what was paid for, and gives back what it does not need. */
  set(slot: number, text: string): void {
    const held = this.#bySlot.get(slot);
    if (!held) return;
    const spare = held.bytes - bytesFor(text);
    held.text = text;
    held.bytes -= spare;
    if (text === "") this.#bySlot.delete(slot);
    this.#heldBytes -= spare;
    this.#account.release(spare);
  }

  clear(slot: number): void {
    if (this.#bySlot.size > 0) this.set(slot, "");
  }
}
