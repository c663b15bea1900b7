import { createHash } from "node:crypto";
import type { Encoding, Representation } from "../../ports/cache-store.ts";
import { exactCopy, inflate } from "./encodings.ts";

/**
 * A body in the one form that is held: as it was put, or encoded. Identity is reproduced byte for byte.
 * Two entries with the same body may share one.
 */
export interface HeldBody {
  /** Of the identity form; its length and its tag never change while the form does. */
  readonly identityBytes: number;
  readonly identityTag: string;
  encoding: Encoding;
  bytes: Buffer;
  /** Tag of the form held. */
  tag: string;
  /** `put`: the caller chose the encoding, and keeps it. `tried`: compressing does not pay. */
  state: "plain" | "compressed" | "tried" | "put";
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url").slice(0, 22);
}

const tagFor = (bytes: Uint8Array, encoding: Encoding): string =>
  encoding === "identity" ? `"${digest(bytes)}"` : `"${digest(bytes)}-${encoding}"`;

/**
 * Takes a body over: without a copy when it owns its whole buffer.
 *
 * @throws what `inflate` throws when an encoded body is damaged or larger than `mostIdentityBytes`.
 */
export async function holdBody(body: Uint8Array, encoding: Encoding, mostIdentityBytes: number): Promise<HeldBody> {
  const owns = body.byteLength === body.buffer.byteLength && !(body.buffer instanceof SharedArrayBuffer);
  const bytes = owns ? Buffer.from(body.buffer as ArrayBuffer) : exactCopy(body);
  if (encoding === "identity") {
    const tag = tagFor(bytes, "identity");
    return { identityBytes: bytes.byteLength, identityTag: tag, encoding, bytes, tag, state: "plain" };
  }
  const identity = await inflate(bytes, encoding, mostIdentityBytes);
  return {
    identityBytes: identity.byteLength,
    identityTag: tagFor(identity, "identity"),
    encoding,
    bytes,
    tag: tagFor(bytes, encoding),
    state: "put",
  };
}

/** Exchanges the form held for a compressed one. */
export function exchange(body: HeldBody, bytes: Buffer, encoding: "gzip" | "br"): void {
  body.bytes = bytes;
  body.encoding = encoding;
  body.tag = tagFor(bytes, encoding);
  body.state = "compressed";
}

/** The caller's own tag if it still stands for a form that it may be sent; else null. */
export function matchTag(body: HeldBody, accepts: readonly Encoding[], etags: readonly string[]): string | null {
  for (const etag of etags) {
    const strong = etag.startsWith("W/") ? etag.slice(2) : etag;
    if (etag === "*" || strong === body.identityTag) return body.identityTag;
    if (strong === body.tag && accepts.includes(body.encoding)) return body.tag;
  }
  return null;
}

/** The body as the caller takes it: as held if it can, else identity. */
export async function represent(body: HeldBody, accepts: readonly Encoding[]): Promise<Representation> {
  const { bytes, encoding, tag, identityTag, identityBytes } = body;
  if (encoding === "identity" || accepts.includes(encoding)) return { bytes, encoding, etag: tag };
  return { bytes: await inflate(bytes, encoding, identityBytes), encoding: "identity", etag: identityTag };
}
