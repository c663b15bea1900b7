import type {
  SessionFigure,
  SessionOrder,
  SessionPast,
  SessionRow,
  SessionRowSummary,
  SessionTally,
  SessionTerms,
  SortedPosition,
} from "./session-rows.ts";

/** Where a session is kept: under its id when that was made by us, under a key made of it when it is the caller's own. */
export interface SessionPlace {
  readonly key: string;
  readonly namespace: string;
  readonly ownId: string | null;
}

/**
 * - `begin`: only where none is, and none of an own id has ended within a day; `revive`: also where one has ended
 * - `change`: only one that is there; `put`: either
 */
export type SaveMode = "begin" | "revive" | "change" | "put";

export interface SessionSave extends SessionPlace {
  readonly mode: SaveMode;
  /** JSON, and its length in UTF-8; null: the data stay. */
  readonly data: { readonly text: string; readonly bytes: number } | null;
  readonly terms: SessionTerms;
  /** What a session without a named timeout begins with. */
  readonly idleTimeoutMs: number;
  /** Of a session that begins. */
  readonly past: SessionPast | null;
  /** The only version to change; null: any. */
  readonly version: number | null;
  /** Whether it is a new version: terms alone that are set by a touch are none. */
  readonly bumps: boolean;
}

export type SaveOutcome =
  | { readonly kind: "saved"; readonly row: SessionRowSummary }
  /** `over`: it would have ended before it began. */
  | { readonly kind: "missing" | "exists" | "ended" | "over" }
  | { readonly kind: "version"; readonly version: number };

export type EndOutcome =
  | { readonly kind: "ended" | "missing" }
  | { readonly kind: "version"; readonly version: number };

/** Part of a list, with where it goes on; null at its end. A part may be empty and not the last. */
export interface SessionPart<Position> {
  readonly rows: readonly SessionRowSummary[];
  readonly next: Position | null;
}

/**
 * Sessions that several nodes share. What a method does is one step for all nodes, and a change is told to each of them by
 * the same step. It alone says what time it is. Every method rejects with an `AppError` (`storage-unavailable`,
 * `storage-read-only`, `storage-full`) when it cannot be done; a change may have been made then.
 */
export interface SharedSessionRows {
  /** Their time, in milliseconds, as well as this node can know it. */
  nowMs(): number;
  /** The same, asked for where this node does not know it: its own clock must not decide who lives. */
  time(): Promise<number>;
  /** Slides the timeout. Null: no live session is there. */
  use(place: SessionPlace): Promise<SessionRow | null>;
  /** The same without a use. */
  look(place: SessionPlace): Promise<SessionRow | null>;
  save(change: SessionSave): Promise<SaveOutcome>;
  /** @param version the only one to end; null: any. */
  end(place: SessionPlace, version: number | null): Promise<EndOutcome>;
  /** Ends those of these keys that live, and have the tag where one is named. @returns how many. */
  endMany(namespace: string, tag: string | undefined, keys: readonly string[]): Promise<number>;
  /** Uses that were so many milliseconds ago: those that a session lived at count, and none makes its last use earlier. */
  uses(keys: readonly { readonly key: string; readonly agoMs: number }[]): Promise<void>;
  /** Live sessions in an order, by key where figures are the same; of a tag, in that of `createdAt` alone. */
  part(
    namespace: string,
    query: SessionOrder & { tag?: string | undefined; after: SortedPosition | null; limit: number },
  ): Promise<SessionPart<SortedPosition>>;
  /** Live sessions whose ids begin so, by id. */
  withPrefix(namespace: string, prefix: string, after: string | null, limit: number): Promise<SessionPart<string>>;
  /** All live sessions of a namespace. */
  tally(namespace: string): Promise<SessionTally>;
  /** Removes up to `limit` that have expired. @returns how many. */
  expire(limit: number): Promise<number>;
  /** Sessions of all namespaces, with expired ones that are not removed yet. */
  count(): Promise<number>;
  /** Whether every change that is older than a second has been told. False: nothing of what is known here may be trusted. */
  readonly isCurrent: boolean;
  /** @param changed a session is another one, or has ended. @param lost changes may have been missed. */
  follow(changed: (key: string) => void, lost: () => void): void;
}

export const figureOf = (row: SessionRowSummary, sort: SessionFigure): number =>
  sort === "bytes" ? row.bytes : sort === "lastUsedAt" ? row.lastUsedAtMs : row.createdAtMs;
