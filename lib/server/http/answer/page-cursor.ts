import { idSchema } from "../../../contracts/common.ts";
import { AppError } from "../../../shared/errors.ts";

/** Opaque to clients: where the next page starts. */
export const encodeCursor = (position: string | number): string => Buffer.from(String(position)).toString("base64url");

/** @throws {AppError} `validation-failed` for a cursor that this server did not issue. */
export function decodeCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const position = Buffer.from(cursor, "base64url").toString("utf8");
  if (encodeCursor(position) !== cursor) throw badCursor();
  return position;
}

/** A cursor of a list by name. */
export function decodeNameCursor(cursor: string | undefined): string | null {
  const position = decodeCursor(cursor);
  if (position !== null && !idSchema.safeParse(position).success) throw badCursor();
  return position;
}

/** A numeric cursor, such as a row id. */
export function decodeNumberCursor(cursor: string | undefined): number | null {
  const position = decodeCursor(cursor);
  if (position === null) return null;
  if (!/^\d{1,15}$/.test(position)) throw badCursor();
  return Number(position);
}

/** A cursor of a list by age: creation time and id of its last item. It stays valid when that item is deleted. */
export function decodeAgeCursor(cursor: string | undefined): { createdAtMs: number; id: string } | null {
  const position = decodeCursor(cursor);
  if (position === null) return null;
  const [, createdAtMs, id] = /^(\d{1,15}) ([\w-]{1,64})$/.exec(position) ?? [];
  if (createdAtMs === undefined || id === undefined) throw badCursor();
  return { createdAtMs: Number(createdAtMs), id };
}

export const encodeAgeCursor = (item: { createdAt: string; id: string }): string =>
  encodeCursor(`${Date.parse(item.createdAt)} ${item.id}`);

/** A cursor of a sorted list: how it is sorted, and the figure and name of its last item. */
export const encodeSortedCursor = (sorted: string, [figure, name]: readonly [number, string]): string =>
  encodeCursor(`${sorted} ${figure} ${name}`);

/** @param sorted how the list is sorted now: the cursor of another order means nothing in it. */
export function decodeSortedCursor(cursor: string | undefined, sorted: string): readonly [number, string] | null {
  const position = decodeCursor(cursor);
  if (position === null) return null;
  const [, figure, name] = position.startsWith(`${sorted} `)
    ? (/^(-?\d{1,16}(?:\.\d{1,20})?) (.+)$/s.exec(position.slice(sorted.length + 1)) ?? [])
    : [];
  if (figure === undefined || name === undefined) throw badCursor();
  return [Number(figure), name];
}

/** Of a list whose figures are whole numbers: a database may take no others. */
export function decodeWholeSortedCursor(cursor: string | undefined, sorted: string): readonly [number, string] | null {
  const position = decodeSortedCursor(cursor, sorted);
  if (position !== null && !Number.isSafeInteger(position[0])) throw badCursor();
  return position;
}

/** A cursor of `count` numbers. */
export function decodeNumbersCursor(cursor: string | undefined, count: number): number[] | null {
  const position = decodeCursor(cursor);
  if (position === null) return null;
  const parts = position.split(".");
  if (parts.length !== count || !parts.every((part) => /^\d{1,15}$/.test(part))) throw badCursor();
  return parts.map(Number);
}

function badCursor(): AppError {
  const errors = [{ path: "query.cursor", message: "must be a cursor that this list returned" }];
  return new AppError("validation-failed", "query.cursor must be a cursor that this list returned.", { errors });
}

/** The first `limit` of `rows`; where one more was found than that, `cursorOf` the last one shown leads to the next page. */
export function pageOf<Row>(rows: readonly Row[], limit: number, cursorOf: (last: Row) => string) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: last !== undefined && rows.length > limit ? cursorOf(last) : null };
}
