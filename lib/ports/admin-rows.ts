import type { Role } from "../contracts/auth.ts";

/** Rows of administration: few, small, and read once at start. */
export interface KeyRow {
  id: string;
  namespace: string;
  name: string;
  role: Role;
  /** SHA-256 of the key, hex. */
  hash: string;
  createdAtMs: number;
  expiresAtMs: number | null;
  /** Requests that the key may make in a minute; null is without a bound. */
  ratePerMinute: number | null;
}

export interface SignInRow {
  /** SHA-256 of the cookie's token, hex. */
  tokenHash: string;
  keyId: string;
  createdAtMs: number;
  expiresAtMs: number;
}

export interface KeyRows {
  /** Keys that are not revoked. */
  live(): Promise<KeyRow[]>;
  /** Stores a key and removes the keys in `ended` to make room for it. */
  insert(row: KeyRow, ended: readonly string[]): Promise<void>;
  /** Writes a key anew; with `endsSignIns` its dashboard sessions end in the same commit. */
  update(row: KeyRow, endsSignIns: boolean): Promise<void>;
  /** Revokes the key and ends its dashboard sessions. */
  revoke(id: string, atMs: number): Promise<void>;
  /** Sign-ins that are still valid, oldest first; expired ones are deleted. */
  signIns(nowMs: number): Promise<SignInRow[]>;
  /** Stores a sign-in; those with the token hashes in `ended` are deleted in the same commit. */
  insertSignIn(row: SignInRow, ended: readonly string[]): Promise<void>;
  deleteSignIns(tokenHashes: readonly string[]): Promise<void>;
}

export interface SettingRevisionRow {
  revision: number;
  values: Readonly<Record<string, unknown>>;
  actor: string;
  reason: string;
  createdAtMs: number;
}

/** Revisions of the settings, of all namespaces. The driver keeps the newest 1,000. */
export interface SettingRows {
  /** The last inserted first. */
  newest(limit: number): Promise<SettingRevisionRow[]>;
  find(revision: number): Promise<SettingRevisionRow | null>;
  /**
   * Resolves once it is on disk. @returns the row's number, also while others insert: the first is 1, each next is one
   * more, and none is given out twice.
   */
  insert(row: Omit<SettingRevisionRow, "revision">): Promise<number>;
}

export interface AuditEntry {
  atMs: number;
  actor: string;
  namespace: string;
  action: string;
  target: string;
  outcome: "done" | "refused" | "failed";
  requestId: string | null;
  detail: string;
}

/** Entries of all namespaces, 10,000 at most: beyond that the commonest kind of one actor in one namespace loses its oldest. */
export interface AuditRows {
  /** Resolves once it is on disk. */
  insert(entry: AuditEntry): Promise<void>;
  /** The last inserted first, with ids below `beforeId`. A later entry has a greater id; no id is given out twice. */
  list(limit: number, beforeId: number | null): Promise<(AuditEntry & { id: number })[]>;
}

/** Values that exist once per database. */
export interface MetaRows {
  /** The value under `name`; the given value is stored if there is none. All that ask at once get the same. */
  readOrInsert(name: string, value: string): Promise<string>;
}
