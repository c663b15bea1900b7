import type { KeyRows, SignInRow } from "../../ports/admin-rows.ts";
import { KeyedLock } from "../../shared/keyed-lock.ts";

/** Maximum number of sign-ins per key; one more ends the key's oldest. */
export const MAX_SIGN_INS_PER_KEY = 20;

interface SignIn {
  keyId: string;
  expiresAtMs: number;
}

/**
 * The dashboard's sign-ins by the SHA-256 of their token. A key has at most 20, so that its sign-ins cannot evict those
 * of other keys; an ended one is deleted on disk before it is removed from memory, so that no restart restores it.
 */
export class SignIns {
  readonly #rows: KeyRows;
  readonly #byHash = new Map<string, SignIn>();
  /** Hashes by key, oldest first. */
  readonly #ofKey = new Map<string, Set<string>>();
  /** One at a time per key: concurrent sign-ins would not see each other and would exceed the bound. */
  readonly #turns = new KeyedLock();

  private constructor(rows: KeyRows) {
    this.#rows = rows;
  }

  static async open(rows: KeyRows, nowMs: number): Promise<SignIns> {
    const signIns = new SignIns(rows);
    for (const row of await rows.signIns(nowMs)) signIns.#remember(row);
    const over = [...signIns.#ofKey.values()].flatMap((hashes) => [...hashes].slice(0, -MAX_SIGN_INS_PER_KEY));
    await signIns.#end(over);
    return signIns;
  }

  get size(): number {
    return this.#byHash.size;
  }

  find(tokenHash: string): SignIn | undefined {
    return this.#byHash.get(tokenHash);
  }

  /** Stores a new sign-in; resolves when it is on disk and the one it replaced is deleted. */
  add(row: SignInRow): Promise<void> {
    return this.#turns.run(row.keyId, async () => {
      const hashes = [...(this.#ofKey.get(row.keyId) ?? [])];
      const over = hashes.slice(0, Math.max(0, hashes.length + 1 - MAX_SIGN_INS_PER_KEY));
      await this.#rows.insertSignIn(row, over);
      for (const hash of over) this.#forget(hash);
      this.#remember(row);
    });
  }

  /** Ends a sign-in permanently, whether it is in memory or not. */
  async end(tokenHash: string): Promise<void> {
    await this.#end([tokenHash]);
  }

  /** Forgets a key's sign-ins, whose rows went with the key's. */
  forgetKey(keyId: string): void {
    for (const hash of this.#ofKey.get(keyId) ?? []) this.#byHash.delete(hash);
    this.#ofKey.delete(keyId);
  }

  async #end(hashes: readonly string[]): Promise<void> {
    if (hashes.length === 0) return;
    await this.#rows.deleteSignIns(hashes);
    for (const hash of hashes) this.#forget(hash);
  }

  #remember({ tokenHash, keyId, expiresAtMs }: SignInRow): void {
    this.#byHash.set(tokenHash, { keyId, expiresAtMs });
    const hashes = this.#ofKey.get(keyId) ?? new Set();
    this.#ofKey.set(keyId, hashes.add(tokenHash));
  }

  #forget(hash: string): void {
    const keyId = this.#byHash.get(hash)?.keyId;
    if (keyId === undefined) return;
    this.#byHash.delete(hash);
    const hashes = this.#ofKey.get(keyId);
    hashes?.delete(hash);
    if (hashes?.size === 0) this.#ofKey.delete(keyId);
  }
}
