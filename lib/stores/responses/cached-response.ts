import type { Owner } from "../core/owners.ts";
import type { BodyForm, HeldBody } from "./held-body.ts";

export interface CachedResponse {
  /** Exchanged when another entry turns out to hold the same. */
  body: HeldBody;
  readonly mediaType: string;
  readonly tags: readonly string[];
  readonly owner: Owner;
  readonly storedAtMs: number;
  /** Grows with every put: a purge takes only what was there when it began. */
  readonly sequence: number;
  hits: number;
}

/**
 * What an entry holds on the heap beside its text: the objects of entry and body, the tags of its forms and their numbers. Measured
 * on Node 20: 370–485 bytes of heap an entry with a short key and tag, the most where it is compressed. See
 * `response-cache.bytes.test.ts`.
 */
const ENTRY_OVERHEAD_BYTES = 290;

/** A string on the heap: V8 holds Latin-1 in one byte a character, anything else in two. */
function textBytes(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole range of Latin-1 is meant
  return 24 + (/^[\u0000-\u00ff]*$/.test(text) ? text.length : text.length * 2);
}

/** The bytes of everything about an entry but its body. */
export function frameBytes(key: string, mediaType: string, tags: readonly string[]): number {
  return tags.reduce(
    (sum, tag) => sum + 8 + textBytes(tag),
    ENTRY_OVERHEAD_BYTES + textBytes(key) + textBytes(mediaType),
  );
}

/** A copy without ties: a slice of a URL or of a header would keep all of it alive. */
export const ownText = (text: string): string => Buffer.from(text).toString();

/** What a put brings, looked at and not yet held. */
export interface NewResponse {
  key: string;
  mediaType: string;
  tags: readonly string[];
  owner: Owner;
  form: BodyForm;
  bytes: Uint8Array;
  frame: number;
  maxAgeMs: number | undefined;
}
