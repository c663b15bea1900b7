import { describe, expect, it } from "vitest";
import { streamQuerySchema } from "./streams.ts";

const read = (path: string) => streamQuerySchema.safeParse({ target: "none", format: "json", path });

describe("path of a stream", () => {
  it.each([
    ["a.b", ["a", "b"]],
    ["/a.b/items", ["a.b", "items"]],
    ["/a~1b/~01", ["a/b", "~1"]],
    ["/", [""]],
  ])("%s leads over %j", (path, keys) => expect(read(path).data?.path).toEqual(keys));

  it.each(["a..b", ".", "/a~2", "/a~", `/${"x/".repeat(16)}`])("%s is refused", (path) =>
    expect(read(path).error?.issues[0]?.path).toEqual(["path"]),
  );
});
