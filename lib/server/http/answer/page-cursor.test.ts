import { expect, it } from "vitest";
import { decodeNameCursor, decodeWholeSortedCursor, encodeCursor, encodeSortedCursor } from "./page-cursor.ts";

it.each(["a", "é/ü ?", "__proto__", "x".repeat(256)])("a cursor of a list by name leads back to %s", (name) =>
  expect(decodeNameCursor(encodeCursor(name))).toBe(name),
);

it.each(["AAAA", "AA", encodeCursor("x".repeat(257)), encodeCursor(".."), "a", "a+b/"])(
  "%s is no cursor of a list by name: no name could be where it leads",
  (cursor) => expect(() => decodeNameCursor(cursor)).toThrow("query.cursor must be a cursor that this list returned."),
);

it("a cursor of a list of whole figures leads back to them, and one with another figure is none", () => {
  const lead = (figure: number) =>
    decodeWholeSortedCursor(encodeSortedCursor("bytes asc", [figure, "a b"]), "bytes asc");
  expect([lead(0), lead(9_999_999_999)]).toEqual([
    [0, "a b"],
    [9_999_999_999, "a b"],
  ]);
  for (const figure of [1.5, 2 ** 53])
    expect(() => lead(figure)).toThrow("query.cursor must be a cursor that this list returned.");
});
