import { createHash } from "node:crypto";
import type { Encoding } from "../../ports/cache-store.ts";
import type { Owner } from "../core/owners.ts";
import type { Inflations } from "./inflations.ts";

/** What is known of a body: how it is encoded, how large it is, and the tags of its forms. */
export interface BodyForm {
  /** Of the identity form; these never change while the form held does. */
  readonly identityBytes: number;
  readonly identityTag: string;
  encoding: Encoding;
  /** Tag of the form held. */
  tag: string;
  /** `put`: the caller chose the encoding, and keeps it. `tried`: compressing does not pay. */
  state: "plain" | "compressed" | "tried" | "put";
}

/** A body in the one form that is held, off the heap. Identity is reproduced byte for byte. */
export interface HeldBody extends BodyForm {
  /** Who put it first, and answers for its bytes as long as any entry holds it. */
  readonly owner: Owner;
  /** In the arena. */
  handle: number;
  storedBytes: number;
  /** Entries that share it. */
  holders: number;
}

/** Strong and quoted. One flat string: a slice and what is put around it would keep five objects for each entry. */
export function tagFor(bytes: Uint8Array, encoding: Encoding): string {
  const digest = createHash("sha256").update(bytes).digest("base64url").slice(0, 22);
  return Buffer.from(encoding === "identity" ? `"${digest}"` : `"${digest}-${encoding}"`, "latin1").toString("latin1");
}

/**
 * Looks at a body as it was put; an encoded one is inflated once, to know that it can be.
 *
 * @throws what `inflate` throws when an encoded body is damaged or larger than `mostIdentityBytes`.
 */
export async function examineBody(
  body: Uint8Array,
  encoding: Encoding,
  mostIdentityBytes: number,
  inflations: Inflations,
): Promise<BodyForm> {
  const tag = tagFor(body, encoding);
  if (encoding === "identity") {
    return { identityBytes: body.byteLength, identityTag: tag, encoding, tag, state: "plain" };
  }
  const identity = await inflations.run(body, encoding, mostIdentityBytes);
  return { identityBytes: identity.byteLength, identityTag: tagFor(identity, "identity"), encoding, tag, state: "put" };
}

/** The caller's own tag if it still stands for a form that it may be sent; else null. */
export function matchTag(body: BodyForm, accepts: readonly Encoding[], etags: readonly string[]): string | null {
  for (const etag of etags) {
    const strong = etag.startsWith("W/") ? etag.slice(2) : etag;
    if (etag === "*" || strong === body.identityTag) return body.identityTag;
    if (strong === body.tag && accepts.includes(body.encoding)) return body.tag;
  }
  return null;
}
