import type { CachePut } from "../../ports/cache-store.ts";
import type { Owner } from "../core/owners.ts";
import type { BodyForm, HeldBody } from "./held-body.ts";

export interface CachedResponse {
  /** Exchanged when another entry turns out to hold the same. */
  body: HeldBody;
  readonly mediaType: string;
  /** As one text with commas, as the header gives them: a list would hold several times as much. */
  readonly tags: string;
  /** Empty for none. */
  readonly meta: string;
  readonly owner: Owner;
  readonly storedAtMs: number;
  freshUntilMs: number;
  /** Is it kept after that, to be given until it is filled anew? */
  mayBeStale: boolean;
  lastUsedMs: number;
  /** Grows with every put: a purge takes only what was there when it began. */
  readonly sequence: number;
  hits: number;
}

interface Stored {
  body: HeldBody;
  owner: Owner;
  nowMs: number;
  storedAtMs: number;
  freshMs: number;
  sequence: number;
}

export function newEntry(
  { mediaType, tags, meta, staleMs }: NewResponse,
  { body, owner, nowMs, storedAtMs, freshMs, sequence }: Stored,
): CachedResponse {
  return {
    body,
    mediaType,
    tags,
    meta,
    owner,
    storedAtMs,
    freshUntilMs: nowMs + freshMs,
    mayBeStale: staleMs > 0,
    lastUsedMs: nowMs,
    sequence,
    hits: 0,
  };
}

export const isStale = ({ mayBeStale, freshUntilMs }: CachedResponse, nowMs: number): boolean =>
  mayBeStale && nowMs >= freshUntilMs;

export const splitTags = (tags: string): string[] => (tags === "" ? [] : tags.split(","));

/** Whether a text of tags has this one. */
export function hasTag(tags: string, tag: string): boolean {
  for (let at = tags.indexOf(tag); at !== -1; at = tags.indexOf(tag, at + 1)) {
    const end = at + tag.length;
    if ((at === 0 || tags[at - 1] === ",") && (end === tags.length || tags[end] === ",")) return true;
  }
  return false;
}

/**
 * What an entry holds on the heap beside its text: the objects of entry and body, the tags of its forms and their numbers. Measured
 * on Node 20: about 400 bytes of heap an entry with a short key and tag, the most where it is compressed. See
 * `response-cache.bytes.test.ts`.
 */
const ENTRY_OVERHEAD_BYTES = 290;

/** A string on the heap: V8 holds Latin-1 in one byte a character, anything else in two. */
function textBytes(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole range of Latin-1 is meant
  return 24 + (/^[\u0000-\u00ff]*$/.test(text) ? text.length : text.length * 2);
}

/** The bytes of everything about an entry but its body. Empty texts are one and the same, and cost nothing. */
export function frameBytes(...texts: readonly string[]): number {
  return texts.reduce((sum, text) => (text === "" ? sum : sum + textBytes(text)), ENTRY_OVERHEAD_BYTES);
}

/** A copy without ties: a slice of a URL or of a header would keep all of it alive. */
export const ownText = (text: string): string => (text === "" ? text : Buffer.from(text).toString());

/** What a put says of its body, each tag once. */
export function ownTexts({ mediaType, tags, meta = "" }: Pick<CachePut, "mediaType" | "tags" | "meta">): {
  mediaType: string;
  tags: string;
  meta: string;
} {
  return { mediaType: ownText(mediaType), tags: ownText([...new Set(tags)].join(",")), meta: ownText(meta) };
}

/** What a put brings, looked at and not yet held. */
export interface NewResponse {
  key: string;
  mediaType: string;
  tags: string;
  meta: string;
  namespace: string;
  form: BodyForm;
  bytes: Uint8Array;
  frame: number;
  staleMs: number;
}

/** A copy of a response that is kept elsewhere. */
export interface HeldCopy {
  namespace: string;
  key: string;
  /** Grows with every put there. */
  version: number;
  bytes: Uint8Array;
  form: BodyForm;
  mediaType: string;
  tags: string;
  meta: string;
  ageMs: number;
  /** Below 0: stale for so long. */
  freshMs: number;
  /** From the end of freshness on. */
  staleMs: number;
}
