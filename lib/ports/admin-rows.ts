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

export interface SettingRows {
  /** The newest first. */
  newest(limit: number): Promise<SettingRevisionRow[]>;
  find(revision: number): Promise<SettingRevisionRow | null>;
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

export interface AuditRows {
  insert(entry: AuditEntry): Promise<void>;
  /** The newest first, with ids below `beforeId`. */
  list(limit: number, beforeId: number | null): Promise<(AuditEntry & { id: number })[]>;
}

/** Values that exist once per database. */
export interface MetaRows {
  /** The value under `name`; the given value is stored if there is none. */
  readOrInsert(name: string, value: string): Promise<string>;
}
