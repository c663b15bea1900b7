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

describe("names of a stream's fields", () => {
  it.each([
    ["rename", "a:x,b:x"],
    ["rename", "a:x,a:y"],
    ["cast", "a:string,a:number"],
    ["constant", "a:1,a:2"],
  ])("%s=%s is refused: one of the two would be lost without a word", (step, text) => {
    const { error } = streamQuerySchema.safeParse({ target: "none", format: "ndjson", [step]: text });
    expect(error?.issues).toMatchObject([{ path: [step], message: expect.stringContaining("appears twice") }]);
  });

  it("may change places, and be cast to what another is cast to", () => {
    const query = { target: "none", format: "ndjson", rename: "a:b,b:a", cast: "a:number,b:number" };
    expect(streamQuerySchema.safeParse(query).success).toBe(true);
  });
});
