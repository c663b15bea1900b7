import { hash } from "node:crypto";

/** Fewer bytes than 128 random bits take in base64url can be guessed. */
export const LEAST_OWN_ID_BYTES = 22;

/**
 * The key under which a session is kept whose id the caller chose; null for an id that is too short to be one.
 * The namespace is part of it, so that the same id elsewhere is another session. It has the form of an id that is made here:
 * tables and queue need to know one form only, and nobody can choose where in the index an id falls.
 */
export function ownKeyOf(namespace: string, id: string): string | null {
  // In UTF-8 a UTF-16 unit takes three bytes at most: most ids need no look at their characters.
  if (id.length < LEAST_OWN_ID_BYTES && Buffer.byteLength(id) < LEAST_OWN_ID_BYTES) return null;
  // A namespace has no line break.
  return hash("sha256", `${namespace}\n${id}`, "base64url");
}
