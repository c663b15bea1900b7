import type { Session } from "../../../contracts/sessions.ts";
import type { SessionView } from "../../../ports/session-store.ts";
import { isoTime } from "../../../shared/iso-time.ts";

const CLOSING_BRACE = 0x7d;

const NO_TAGS: string[] = [];

export function toSession(view: SessionView): Session {
  return {
    id: view.id,
    createdAt: isoTime(view.createdAtMs),
    lastUsedAt: isoTime(view.lastUsedAtMs),
    expiresAt: isoTime(view.expiresAtMs),
    idleTimeoutSeconds: view.idleTimeoutMs / 1000,
    endsAt: view.endsAtMs === Number.POSITIVE_INFINITY ? null : isoTime(view.endsAtMs),
    version: view.version,
    bytes: view.bytes,
    tags: view.tags === "" ? NO_TAGS : JSON.parse(view.tags),
  };
}

/** The data is JSON already: it goes into the response unchanged, copied once. */
export function withData(view: SessionView, data: Uint8Array): Buffer {
  const head = `${JSON.stringify(toSession(view)).slice(0, -1)},"data":`;
  // Times, numbers and a base64url id: one byte per character.
  const isPlain = !view.isOwn && view.tags === "";
  const headBytes = isPlain ? head.length : Buffer.byteLength(head);
  const body = Buffer.allocUnsafe(headBytes + data.length + 1);
  body.write(head, 0, isPlain ? "latin1" : "utf8");
  body.set(data, headBytes);
  body[body.length - 1] = CLOSING_BRACE;
  return body;
}
