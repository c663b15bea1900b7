import { expect, it } from "vitest";
import { decodeNameCursor, encodeCursor } from "./page-cursor.ts";

it.each(["a", "é/ü ?", "__proto__", "x".repeat(256)])("a cursor of a list by name leads back to %s", (name) =>
  expect(decodeNameCursor(encodeCursor(name))).toBe(name),
);

it.each(["AAAA", "AA", encodeCursor("x".repeat(257)), encodeCursor(".."), "a", "a+b/"])(
  "%s is no cursor of a list by name: no name could be where it leads",
  (cursor) => expect(() => decodeNameCursor(cursor)).toThrow("query.cursor must be a cursor that this list returned."),
);
