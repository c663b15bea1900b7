import type { Condition } from "../shared/condition.ts";
import type { Json } from "../shared/json-value.ts";
import type {
  SessionOrder,
  SessionPast,
  SessionPosition,
  SessionSelection,
  SessionTally,
  SessionTerms,
  SortedPosition,
} from "./session-rows.ts";

/** What is known of a session beside its data. Times are the store's own time line, in milliseconds. */
export interface SessionFields {
  namespace: string;
  /** Whether its caller chose the id. */
  isOwn: boolean;
  createdAtMs: number;
  lastUsedAtMs: number;
  idleTimeoutMs: number;
  /** Infinite: it ends by its timeout alone. */
  endsAtMs: number;
  version: number;
  /** A JSON list; empty when there are none. */
  tags: string;
}

/** A session as its reader sees it, without the data. */
export interface SessionView extends SessionFields {
  id: string;
  expiresAtMs: number;
  /** The data's length as JSON in UTF-8. */
  bytes: number;
}

export interface SessionText {
  view: SessionView;
  /** The data as JSON. */
  text: string;
}

export interface SessionPage {
  views: SessionView[];
  /** Where the list goes on; null at its end. */
  next: SessionPosition | null;
}

export interface SortedSessionPage {
  views: SessionView[];
  next: SortedPosition | null;
}

/** Looks at many sessions, which counts as no use of any. */
export interface SessionLists {
  /** Live sessions, the newest first. */
  list(namespace: string, after: SessionPosition | null, limit: number, which?: SessionSelection): Promise<SessionPage>;
  /**
   * The same in another order. A session that stays as it is comes once, whatever becomes of others; one whose figure changes
   * meanwhile may move past the place.
   */
  listSorted(
    namespace: string,
    query: SessionSelection & SessionOrder & { after: SortedPosition | null; limit: number },
  ): Promise<SortedSessionPage>;
  /** How many of these sessions there are, and what their data come to. */
  tally(namespace: string, which: SessionSelection): Promise<SessionTally>;
  /** Live sessions with their data, the newest first, each as it is when its turn comes. */
  peekAll(namespace: string): AsyncGenerator<SessionText>;
}

type Show<Shown> = (view: SessionView, data: Uint8Array) => Shown;

/**
 * Sessions, wherever they are kept. Every method rejects with an `AppError` (`storage-unavailable`, `storage-read-only`,
 * `storage-full`, `memory-pressure`) when it cannot be done now, and changes resolve once they are as durable as is set.
 */
export interface SessionStore {
  readonly listing: SessionLists;
  /** Held by changes on their way to where they are kept. */
  readonly queuedBytes: number;
  /** @throws {AppError} item-too-large, unprocessable, quota-exceeded. */
  create(namespace: string, text: string, terms?: SessionTerms): Promise<SessionView>;
  /**
   * Begins a session under an id of the caller's: 22 bytes at least, unique within its namespace.
   * @throws {AppError} as `create`; version-mismatch when it is there already; session-ended when it was there within a day,
   *   unless it may be revived.
   */
  createOwn(namespace: string, id: string, text: string, terms?: SessionTerms, revive?: boolean): Promise<SessionView>;
  /**
   * Keeps data under an id that the caller derived, whether a session was there or not, so that an import can be sent again.
   * The id must be as unguessable as one that is made here. A session that is not there yet goes on from its `past`.
   * @throws {AppError} as `create`; validation-failed when a session with a past was over.
   */
  put(
    id: string,
    namespace: string,
    text: string,
    terms?: SessionTerms,
    past?: SessionPast | null,
  ): Promise<SessionView>;
  /** The same under an id of the caller's, as an export tells it. An import may bring back what has ended. */
  putOwn(
    id: string,
    namespace: string,
    text: string,
    terms?: SessionTerms,
    past?: SessionPast | null,
  ): Promise<SessionView>;
  /** Resolves when all that was accepted so far is kept. */
  committed(): Promise<void>;
  /**
   * Slides the timeout and hands the data to `show`, as JSON in UTF-8 and without a copy: they may move as soon as it returns.
   * @throws {AppError} not-found.
   */
  read<Shown>(namespace: string, id: string, show: Show<Shown>): Promise<Shown>;
  /** Reads a session without a use of it. @throws {AppError} not-found. */
  peek<Shown>(namespace: string, id: string, show: Show<Shown>): Promise<Shown>;
  /**
   * Slides the timeout, and sets terms that are named. The version stays: nobody's data have changed.
   * @throws {AppError} not-found, unprocessable.
   */
  touch(namespace: string, id: string, terms?: SessionTerms): Promise<SessionView>;
  /** Replaces the data. Terms that are not named stay. @throws {AppError} not-found, version-mismatch, and what `create` throws. */
  replace(
    namespace: string,
    id: string,
    text: string,
    condition: Condition | null,
    terms?: SessionTerms,
  ): Promise<SessionView>;
  /** Merges `patch` into the data (RFC 7396); undefined: the data stay. Sets terms that are named. @throws {AppError} as `replace`. */
  patch(
    namespace: string,
    id: string,
    patch: Json | undefined,
    condition: Condition | null,
    terms?: SessionTerms,
  ): Promise<SessionView>;
  /** @throws {AppError} not-found, version-mismatch. */
  delete(namespace: string, id: string, condition: Condition | null): Promise<void>;
  /** Ends all live sessions of a namespace that `which` selects; resolves to their number. */
  deleteAll(namespace: string, which: SessionSelection): Promise<number>;
}
