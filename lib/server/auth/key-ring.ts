import { randomBytes, timingSafeEqual } from "node:crypto";
import type { KeyView, Role } from "../../contracts/auth.ts";
import type { KeyRow, KeyRows } from "../../ports/admin-rows.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import { KeyedLock } from "../../shared/keyed-lock.ts";
import { TokenBucket } from "../../shared/token-bucket.ts";
import {
  digest,
  ENVIRONMENT_KEY_ID,
  environmentKey,
  type HeldKey,
  hexOf,
  type Identity,
  refuseEnvironmentKey,
  secretOf,
  toIdentity,
  toView,
} from "./held-key.ts";
import { SignIns } from "./sign-ins.ts";

/** Maximum number of keys, not counting expired ones that are still stored. */
const MAX_KEYS = 1_000;
/** Number of keys a namespace may still create when all others are taken, up to a global bound. */
const MAX_KEYS_OF_LATECOMER = 10;
const MAX_KEYS_WITH_LATECOMERS = 2_000;
const SIGN_IN_MS = 12 * 3_600_000;

type Aged = Pick<KeyRow, "createdAtMs" | "id">;
const byAge = (a: Aged, b: Aged): number => a.createdAtMs - b.createdAtMs || Number(a.id > b.id) - Number(a.id < b.id);

/** What may change of a key; what is not named stays. */
export interface KeyChange {
  name?: string | undefined;
  expiresAtMs?: number | null | undefined;
  ratePerMinute?: number | null | undefined;
}

/**
 * Keys and sign-ins that are accepted. They are held by SHA-256 in memory (bounded) and in the database. A key is
 * looked up by its id, a cookie by its hash; digests are compared in constant time.
 */
export class KeyRing {
  readonly #rows: KeyRows;
  readonly #clock: Clock;
  readonly #keys = new Map<string, HeldKey>();
  readonly #signIns: SignIns;
  /**
   * Namespaces of keys that are being written: they have their place already, or calls at once would pass the bound.
   */
  readonly #making: string[] = [];
  readonly #changing = new KeyedLock();
  readonly #listeners = new Set<() => void>();

  private constructor(rows: KeyRows, clock: Clock, signIns: SignIns) {
    this.#rows = rows;
    this.#clock = clock;
    this.#signIns = signIns;
  }

  static async open(rows: KeyRows, clock: Clock, operatorKey?: string): Promise<KeyRing> {
    const ring = new KeyRing(rows, clock, await SignIns.open(rows, clock.nowMs()));
    for (const row of await rows.live()) ring.#hold(row);
    if (operatorKey !== undefined) ring.#hold(environmentKey(operatorKey, clock.nowMs()));
    return ring;
  }

  get hasOperator(): boolean {
    return [...this.#keys.values()].some((key) => key.role === "operator" && this.#alive(key.expiresAtMs));
  }

  /**
   * Calls `listener` when keys or sign-ins have ended before their time. Expiry comes unannounced. @returns the
   * unsubscribe.
   */
  onEnded(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Oldest first, and by id where they are as old, from behind `after`: a place in the list, though its key may be
   * gone.
   */
  list(after: { createdAtMs: number; id: string } | null, limit: number): KeyView[] {
    const sorted = this.#stored().sort(byAge);
    const start = after === null ? 0 : sorted.findIndex((key) => byAge(key, after) > 0);
    return start === -1 ? [] : sorted.slice(start, start + limit).map(toView);
  }

  /** @throws {AppError} `conflict` at 1,000 live keys, unless the namespace has fewer than 10. */
  async create(wanted: {
    name: string;
    role: Role;
    namespace: string;
    expiresAtMs: number | null;
    ratePerMinute?: number | null | undefined;
  }): Promise<KeyView & { key: string }> {
    const expired = this.#makeRoom(wanted.namespace);
    this.#making.push(wanted.namespace);
    try {
      const id = randomBytes(9).toString("base64url");
      const key = secretOf(id);
      const { ratePerMinute = null } = wanted;
      const row = { ...wanted, ratePerMinute, id, hash: hexOf(key), createdAtMs: this.#clock.nowMs() };
      await this.#rows.insert(row, expired);
      this.#hold(row);
      return { ...toView(row), key };
    } finally {
      this.#making.splice(this.#making.indexOf(wanted.namespace), 1);
    }
  }

  /** Changes a key; its sign-ins stay. Null for an unknown id. */
  change(id: string, { name, expiresAtMs, ratePerMinute }: KeyChange): Promise<KeyView | null> {
    return this.#rewrite(id, (row) => ({
      ...row,
      name: name ?? row.name,
      expiresAtMs: expiresAtMs === undefined ? row.expiresAtMs : expiresAtMs,
      ratePerMinute: ratePerMinute === undefined ? row.ratePerMinute : ratePerMinute,
    }));
  }

  /** Gives a key another secret under its id. The one before and the key's sign-ins end. Null for an unknown id. */
  async rotate(id: string): Promise<(KeyView & { key: string }) | null> {
    const key = secretOf(id);
    const view = await this.#rewrite(id, (row) => ({ ...row, hash: hexOf(key) }));
    return view && { ...view, key };
  }

  /** One at a time: two changes at once would each undo the other's. */
  async #rewrite(id: string, change: (row: KeyRow) => KeyRow): Promise<KeyView | null> {
    refuseEnvironmentKey(id);
    return await this.#changing.run(id, async () => {
      const held = this.#keys.get(id);
      if (held === undefined) return null;
      const { digest: _, bucket: __, ...row } = held;
      const changed = change(row);
      const isRotated = changed.hash !== row.hash;
      await this.#rows.update(changed, isRotated);
      // It may have been revoked meanwhile.
      if (!this.#keys.has(id)) return null;
      this.#hold(changed);
      if (isRotated) this.#signIns.forgetKey(id);
      this.#tell();
      return toView(changed);
    });
  }

  /** Ends a key and its sign-ins; false for an unknown id. */
  async revoke(id: string): Promise<boolean> {
    refuseEnvironmentKey(id);
    if (!this.#keys.has(id)) return false;
    await this.#rows.revoke(id, this.#clock.nowMs());
    const ended = this.#drop(id);
    this.#tell();
    return ended;
  }

  /** The identity behind a Bearer key; null for an unknown, revoked or expired one. */
  byKey(key: string): Identity | null {
    const id = /^hr\.([\w-]{12})\./.exec(key)?.[1] ?? ENVIRONMENT_KEY_ID;
    const held = this.#keys.get(id);
    const shown = digest(key);
    if (!held || !timingSafeEqual(held.digest, shown) || !this.#alive(held.expiresAtMs)) return null;
    return toIdentity(held, "bearer", held.expiresAtMs, null);
  }

  /** The identity behind a dashboard cookie. */
  byCookie(token: string): Identity | null {
    const hash = digest(token).toString("hex");
    const signIn = this.#signIns.find(hash);
    const held = signIn && this.#keys.get(signIn.keyId);
    if (!signIn || !held || !this.#alive(signIn.expiresAtMs) || !this.#alive(held.expiresAtMs)) return null;
    return toIdentity(held, "cookie", signIn.expiresAtMs, hash);
  }

  /** True while an identity is valid: its key, and its sign-in if it has one. */
  holds({ keyId, signIn, hash }: Identity): boolean {
    const held = this.#keys.get(keyId);
    if (held === undefined || held.hash !== hash || !this.#alive(held.expiresAtMs)) return false;
    if (signIn === null) return true;
    const found = this.#signIns.find(signIn);
    return found !== undefined && this.#alive(found.expiresAtMs);
  }

  /**
   * Starts a dashboard session for the holder of a key: always a new token, never one that the client chose.
   *
   * @throws {AppError} `unauthenticated` when the key was revoked or rotated meanwhile.
   */
  async signIn(identity: Identity): Promise<{ token: string; expiresAtMs: number }> {
    const { keyId } = identity;
    const token = randomBytes(32).toString("base64url");
    const tokenHash = digest(token).toString("hex");
    const createdAtMs = this.#clock.nowMs();
    const expiresAtMs = Math.min(createdAtMs + SIGN_IN_MS, identity.expiresAtMs ?? Number.POSITIVE_INFINITY);
    await this.#signIns.add({ tokenHash, keyId, createdAtMs, expiresAtMs });
    if (this.#keys.get(keyId)?.hash !== identity.hash) {
      await this.#signIns.end(tokenHash);
      throw new AppError("unauthenticated", "The key was revoked or rotated.");
    }
    this.#tell();
    return { token, expiresAtMs };
  }

  /** Ends a sign-in permanently, on disk even if it is not in memory. */
  async signOut(token: string): Promise<void> {
    await this.#signIns.end(digest(token).toString("hex"));
    this.#tell();
  }

  /**
   * Makes room for one more key by removing expired keys, the earliest expired first.
   *
   * @returns ids of the removed keys.
   */
  #makeRoom(namespace: string): string[] {
    const wanting = this.#places() + 1 - MAX_KEYS;
    if (wanting <= 0) return [];
    const expired = this.#stored()
      .filter(({ expiresAtMs }) => !this.#alive(expiresAtMs))
      .sort((a, b) => (a.expiresAtMs ?? 0) - (b.expiresAtMs ?? 0))
      .slice(0, wanting)
      .map(({ id }) => id);
    for (const id of expired) this.#drop(id);
    const taken = this.#places();
    if (taken < MAX_KEYS || (taken < MAX_KEYS_WITH_LATECOMERS && this.#placesOf(namespace) < MAX_KEYS_OF_LATECOMER))
      return expired;
    throw new AppError("conflict", `The maximum of ${MAX_KEYS} keys is reached; revoke one first.`);
  }

  #places(): number {
    return this.#keys.size - (this.#keys.has(ENVIRONMENT_KEY_ID) ? 1 : 0) + this.#making.length;
  }

  #placesOf(namespace: string): number {
    const kept = this.#stored().filter((key) => key.namespace === namespace).length;
    return kept + this.#making.filter((name) => name === namespace).length;
  }

  /** Namespaces that keys belong to. */
  namespaces(): Set<string> {
    return new Set([...this.#keys.values()].map(({ namespace }) => namespace));
  }

  /** All but the environment's. */
  #stored(): HeldKey[] {
    return [...this.#keys.values()].filter(({ id }) => id !== ENVIRONMENT_KEY_ID);
  }

  #drop(id: string): boolean {
    this.#signIns.forgetKey(id);
    return this.#keys.delete(id);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #hold(row: KeyRow): void {
    const before = this.#keys.get(row.id)?.bucket ?? null;
    const { ratePerMinute } = row;
    const isSame = ratePerMinute === (before?.perMinute ?? null);
    const fresh = () => (ratePerMinute === null ? null : new TokenBucket(ratePerMinute, this.#clock.monotonicMs()));
    this.#keys.set(row.id, { ...row, digest: Buffer.from(row.hash, "hex"), bucket: isSame ? before : fresh() });
  }

  #alive(expiresAtMs: number | null): boolean {
    return expiresAtMs === null || expiresAtMs > this.#clock.nowMs();
  }
}
