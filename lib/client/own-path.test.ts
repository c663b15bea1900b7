import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ownPath, signInPath } from "./own-path.ts";

describe("ownPath", () => {
  it.each([
    ["/cache?range=24h&prefix=a%2Fb", "/cache?range=24h&prefix=a%2Fb"],
    ["/rag/conversations/a%20b", "/rag/conversations/a%20b"],
    ["/docs?q=key#getSession", "/docs?q=key#getSession"],
    ["/", "/"],
    ["#//elsewhere.example", "/"],
    ["//elsewhere.example/x", "/"],
    ["/\\elsewhere.example", "/"],
    ["/\t/elsewhere.example", "/"],
    ["/..//elsewhere.example", "/"],
    ["https://elsewhere.example", "/"],
    ["javascript:alert(1)", "/"],
    ["cache", "/"],
    ["/sign-in?next=/sign-in", "/"],
    [["/a", "/b"], "/"],
    [undefined, "/"],
  ])("R11: takes %j to %s", (wanted, path) => {
    expect(ownPath(wanted)).toBe(path);
  });

  it("R11: never leads away from this site, whatever is asked for", () => {
    const piece = fc.constantFrom(
      "/",
      "\\",
      "//",
      "..",
      ".",
      "@",
      ":",
      "elsewhere.example",
      "http:",
      "\t",
      "\n",
      "%2f",
      "?",
      "#",
      "a",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const path = ownPath(pieces.join(""));
        expect(new URL(path, "https://headroom.example").origin).toBe("https://headroom.example");
      }),
    );
  });
});

describe("signInPath", () => {
  it("leads back to the page with its view, without what Next adds, and says nothing for the start", () => {
    expect(signInPath("/cache?range=24h&_rsc=abc")).toBe("/sign-in?next=%2Fcache%3Frange%3D24h");
    expect(signInPath("/docs?_rsc=abc#getSession")).toBe("/sign-in?next=%2Fdocs%23getSession");
    expect(signInPath("/cache?_rsc=abc")).toBe("/sign-in?next=%2Fcache");
    expect(signInPath("/?_rsc=abc")).toBe("/sign-in");
  });
});
