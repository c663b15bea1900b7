import type { AppError } from "../shared/errors.ts";

/** Of what a namespace keeps, or of what a write adds to it. */
export interface Amount {
  bytes: number;
  items: number;
}

/** What a namespace may keep; null: without a bound. */
export interface Quota {
  readonly bytes: number | null;
  readonly items: number | null;
}

/** What is kept on disk, by kind. */
export type KeptKind = "session" | "point" | "document" | "message";
export type Kept = Record<KeptKind, Amount>;

export interface QuotaRow {
  namespace: string;
  quota: Quota;
  version: number;
  kept: Kept;
}

/** Quotas, and what the namespaces that have one keep: exact with every commit, and so after `kill -9` too. */
export interface QuotaRows {
  all(): Promise<QuotaRow[]>;
  /** Those of these namespaces that there are, as they are after every write that was sent before. */
  find(namespaces: readonly string[]): Promise<QuotaRow[]>;
  /** The first one of a namespace counts what is there. Changes of one namespace come one after another. */
  set(namespace: string, quota: Quota, version: number): Promise<void>;
  lift(namespace: string): Promise<void>;
}

/** What a write got of its namespace's quota. */
export interface QuotaEntry {
  /** Which of its parts would pass the quota, and must not be written. */
  readonly refused: ReadonlySet<number>;
  /** The write has ended, well or not. */
  leave(): void;
}

/**
 * What the writers of a namespace with a quota pass. Room is taken before a write begins, so that no calls at once pass the bound.
 * What does not grow always passes.
 */
export interface QuotaGate {
  /** Whether so much more is within the quota now. It is not taken. */
  fits(more: Amount): boolean;
  /** Takes it, for a change on its way to the disk; false when it does not fit by what is known. */
  claim(more: Amount): boolean;
  /**
   * Counts again what is kept, since removals are noticed only here.
   * @returns whether writes under way may have been counted twice: then another count can find more room.
   */
  recount(): Promise<boolean>;
  /**
   * Takes room for a write in parts.
   *
   * @param most what all of it adds at most.
   * @param exact what each part adds, once that matters; must hold until the write has ended.
   */
  enter(most: Amount, exact: () => Promise<readonly Amount[]>): Promise<QuotaEntry>;
  /** The refusal, with the figures as counted last. */
  exceeded(): AppError;
}

/** Null for a namespace without a quota. */
export interface Quotas {
  of(namespace: string): QuotaGate | null;
}

export const NO_QUOTAS: Quotas = { of: () => null };
