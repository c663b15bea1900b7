import type { Session } from "../../../contracts/sessions.ts";
import { isoTime } from "../../../shared/iso-time.ts";
import type { SessionView } from "../../../stores/sessions/session-view.ts";

const CLOSING_BRACE = 0x7d;

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
  };
}

/** The data is JSON already: it goes into the response unchanged, copied once. */
export function withData(view: SessionView, data: Uint8Array): Buffer {
  const head = `${JSON.stringify(toSession(view)).slice(0, -1)},"data":`;
  // Times, numbers and a base64url id: one byte per character.
  const headBytes = view.isOwn ? Buffer.byteLength(head) : head.length;
  const body = Buffer.allocUnsafe(headBytes + data.length + 1);
  body.write(head, 0, view.isOwn ? "utf8" : "latin1");
  body.set(data, headBytes);
  body[body.length - 1] = CLOSING_BRACE;
  return body;
}
