import type { SessionPlace } from "../../../ports/shared-session-rows.ts";
import { AppError } from "../../../shared/errors.ts";
import { isSessionId } from "../id-index.ts";
import { LEAST_OWN_ID_BYTES, ownKeyOf } from "../own-id.ts";

/** Where a session of this id may be: one that was made by us first, since an own id of that form is rare. */
export function placesOf(namespace: string, id: string): SessionPlace[] {
  const places: SessionPlace[] = [];
  if (isSessionId(id)) places.push({ key: id, namespace, ownId: null });
  const key = ownKeyOf(namespace, id);
  if (key !== null) places.push({ key, namespace, ownId: id });
  return places;
}

/** @throws {AppError} validation-failed for an id that could be guessed. */
export function ownPlace(namespace: string, ownId: string): SessionPlace {
  const key = ownKeyOf(namespace, ownId);
  if (key !== null) return { key, namespace, ownId };
  const message = `an id of your own takes at least ${LEAST_OWN_ID_BYTES} bytes, so that nobody guesses it`;
  throw new AppError("validation-failed", `path.id: ${message}`, { errors: [{ path: "path.id", message }] });
}
