import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { MessageBody, MessageRow, NewMessageRow } from "../ports/conversation-rows.ts";
import { AppError } from "../shared/errors.ts";

export interface NewMessage extends MessageBody {
  /** The caller's own id; null: one is made. */
  id: string | null;
  /** Where it stands in the request, as a JSON Pointer. */
  pointer: string;
}

/** 96 random bits: two messages of a conversation never meet. */
const ID_BYTES = 12;

/**
 * Tells the messages that are to be appended from those that are there. A message is the one that has its id, or the
 * one sent with the same id before.
 *
 * @throws {AppError} `conflict` that names each id whose message is another.
 */
export function matched(
  messages: readonly NewMessage[],
  known: readonly MessageRow[],
): { fresh: NewMessageRow[]; rowsOf(appended: readonly MessageRow[]): MessageRow[] } {
  const byId = new Map<string, NewMessageRow>(known.map((row) => [row.id, row]));
  const fresh: NewMessageRow[] = [];
  const taken: string[] = [];
  const all = messages.map(({ id, pointer, role, content, parts, metadata }) => {
    const row = { id: id ?? randomBytes(ID_BYTES).toString("base64url"), role, content, parts, metadata };
    const of = byId.get(row.id);
    if (of !== undefined && !isSame(of, row)) taken.push(pointer);
    if (of !== undefined) return of;
    byId.set(row.id, row);
    fresh.push(row);
    return row;
  });
  if (taken.length > 0) throw idIsTaken(taken);
  return {
    fresh,
    rowsOf(appended) {
      const rows = new Map([...known, ...appended].map((row) => [row.id, row]));
      return all.flatMap(({ id }) => rows.get(id) ?? []);
    },
  };
}

/** Compared as JSON, in which members have no order. */
function isSame(one: MessageBody, other: MessageBody): boolean {
  const bodyOf = ({ role, content, parts, metadata }: MessageBody) => [role, content, parts, metadata];
  const plain = (body: MessageBody): unknown => JSON.parse(JSON.stringify(bodyOf(body)));
  return isDeepStrictEqual(plain(one), plain(other));
}

function idIsTaken(pointers: readonly string[]): AppError {
  const message = "is the id of another message of this conversation";
  const errors = pointers.map((pointer) => ({ path: `${pointer}/id`, message }));
  return new AppError("conflict", "Another message of this conversation has this id. Nothing was appended.", {
    errors,
  });
}
