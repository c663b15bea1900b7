import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { KeyView, Role } from "../../contracts/auth.ts";
import { DEFAULT_NAMESPACE } from "../../contracts/auth.ts";
import type { KeyRow, KeyRows } from "../../ports/admin-rows.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";

export interface Identity {
  keyId: string;
  name: string;
  role: Role;
  namespace: string;
  expiresAtMs: number | null;
  /** How it was shown: a cookie needs the Origin check. */
  via: "bearer" | "cookie";
}

/** Live keys, and live dashboard sign-ins. */
const MAX_KEYS = 1_000;
const MAX_SIGN_INS = 1_000;
const SIGN_IN_MS = 12 * 3_600_000;
/** The key that HEADROOM_OPERATOR_KEY gives has no row. */
const ENVIRONMENT_KEY_ID = "environment";

/** In one call: a `Hash` is a stream, and making one for every request costs ten times the hashing. */
const digest = (text: string): Buffer => hash("sha256", text, "buffer");

interface Held extends KeyRow {
  digest: Buffer;
}

/**
 * Who may come in. Keys and sign-ins are held in memory by their SHA-256 (bounded), and in the database; a key is looked up
 * by its id, a cookie by its hash, and digests are compared in constant time.
 */
export class KeyRing {
  readonly #rows: KeyRows;
  readonly #clock: Clock;
  readonly #keys = new Map<string, Held>();
  readonly #signIns = new Map<string, { keyId: string; expiresAtMs: number }>();

  private constructor(rows: KeyRows, clock: Clock) {
    this.#rows = rows;
    this.#clock = clock;
  }

  static async open(rows: KeyRows, clock: Clock, operatorKey?: string): Promise<KeyRing> {
    const ring = new KeyRing(rows, clock);
    for (const row of await rows.live()) ring.#hold(row);
    for (const { tokenHash, keyId, expiresAtMs } of await rows.signIns(clock.nowMs())) {
      ring.#signIns.set(tokenHash, { keyId, expiresAtMs });
    }
    if (operatorKey !== undefined) ring.#hold(environmentKey(operatorKey, clock.nowMs()));
    return ring;
  }

  get hasOperator(): boolean {
    return [...this.#keys.values()].some((key) => key.role === "operator" && this.#alive(key.expiresAtMs));
  }

  list(): KeyView[] {
    return [...this.#keys.values()].filter(({ id }) => id !== ENVIRONMENT_KEY_ID).map(toView);
  }

  /** @throws {AppError} `conflict` at 1,000 live keys. */
  async create(wanted: {
    name: string;
    role: Role;
    namespace: string;
    expiresAtMs: number | null;
  }): Promise<KeyView & { key: string }> {
    if (this.#keys.size >= MAX_KEYS)
      throw new AppError("conflict", `There are ${MAX_KEYS} keys already: revoke one first.`);
    const id = randomBytes(9).toString("base64url");
    const key = `hr.${id}.${randomBytes(32).toString("base64url")}`;
    const row = { ...wanted, id, hash: digest(key).toString("hex"), createdAtMs: this.#clock.nowMs() };
    await this.#rows.insert(row);
    this.#hold(row);
    return { ...toView(row), key };
  }

  /** Ends a key and its sign-ins; false for an unknown id. */
  async revoke(id: string): Promise<boolean> {
    if (id === ENVIRONMENT_KEY_ID) throw new AppError("pinned-by-environment", "HEADROOM_OPERATOR_KEY sets this key.");
    if (!this.#keys.has(id)) return false;
    await this.#rows.revoke(id, this.#clock.nowMs());
    this.#keys.delete(id);
    for (const [hash, { keyId }] of this.#signIns) if (keyId === id) this.#signIns.delete(hash);
    return true;
  }

  /** The identity behind a Bearer key; null for an unknown, revoked or expired one. */
  byKey(key: string): Identity | null {
    const id = /^hr\.([\w-]{12})\./.exec(key)?.[1] ?? ENVIRONMENT_KEY_ID;
    const held = this.#keys.get(id);
    const shown = digest(key);
    if (!held || !timingSafeEqual(held.digest, shown) || !this.#alive(held.expiresAtMs)) return null;
    return toIdentity(held, "bearer", held.expiresAtMs);
  }

  /** The identity behind a dashboard cookie. */
  byCookie(token: string): Identity | null {
    const hash = digest(token).toString("hex");
    const signIn = this.#signIns.get(hash);
    const held = signIn && this.#keys.get(signIn.keyId);
    if (!signIn || !held || !this.#alive(signIn.expiresAtMs) || !this.#alive(held.expiresAtMs)) return null;
    return toIdentity(held, "cookie", signIn.expiresAtMs);
  }

  /** Starts a dashboard session for the holder of a key: always a new token, never one that the client chose. */
  async signIn(identity: Identity): Promise<{ token: string; expiresAtMs: number }> {
    const token = randomBytes(32).toString("base64url");
    const tokenHash = digest(token).toString("hex");
    const createdAtMs = this.#clock.nowMs();
    const expiresAtMs = Math.min(createdAtMs + SIGN_IN_MS, identity.expiresAtMs ?? Number.POSITIVE_INFINITY);
    await this.#rows.insertSignIn({ tokenHash, keyId: identity.keyId, createdAtMs, expiresAtMs });
    for (const [hash, { expiresAtMs: endsAtMs }] of this.#signIns)
      if (!this.#alive(endsAtMs)) this.#signIns.delete(hash);
    // At the bound the oldest sign-in ends: a Map keeps the order of insertion.
    const [oldest] = this.#signIns.keys();
    if (this.#signIns.size >= MAX_SIGN_INS && oldest !== undefined) this.#signIns.delete(oldest);
    this.#signIns.set(tokenHash, { keyId: identity.keyId, expiresAtMs });
    return { token, expiresAtMs };
  }

  async signOut(token: string): Promise<void> {
    const hash = digest(token).toString("hex");
    if (this.#signIns.delete(hash)) await this.#rows.deleteSignIn(hash);
  }

  #hold(row: KeyRow): void {
    this.#keys.set(row.id, { ...row, digest: Buffer.from(row.hash, "hex") });
  }

  #alive(expiresAtMs: number | null): boolean {
    return expiresAtMs === null || expiresAtMs > this.#clock.nowMs();
  }
}

function environmentKey(key: string, createdAtMs: number): KeyRow {
  return {
    id: ENVIRONMENT_KEY_ID,
    namespace: DEFAULT_NAMESPACE,
    name: "HEADROOM_OPERATOR_KEY",
    role: "operator",
    hash: digest(key).toString("hex"),
    createdAtMs,
    expiresAtMs: null,
  };
}

function toIdentity({ id, name, role, namespace }: KeyRow, via: Identity["via"], expiresAtMs: number | null): Identity {
  return { keyId: id, name, role, namespace, via, expiresAtMs };
}

function toView({ id, name, role, namespace, createdAtMs, expiresAtMs }: KeyRow): KeyView {
  return {
    id,
    name,
    role,
    namespace,
    createdAt: new Date(createdAtMs).toISOString(),
    expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
  };
}
