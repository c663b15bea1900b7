import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Operation } from "./document.ts";
import { curlOf, type Draft, faultsOf, firstDraft, requestOf } from "./request.ts";

const parameter = (place: "path" | "query" | "header", name: string, required = false, example?: unknown) => ({
  name,
  in: place,
  required,
  description: "",
  schema: {},
  example,
});
const OPERATION: Operation = {
  id: "putThing",
  method: "PUT",
  path: "/things/{id}",
  group: "things",
  summary: "",
  roles: ["consumer"],
  parameters: [
    parameter("path", "id", true, "a b"),
    parameter("query", "limit", false, 5),
    parameter("header", "If-Match"),
  ],
  body: { required: true, description: "", content: { "application/json": { schema: {}, example: { it: "'s" } } } },
  answers: [],
};
const withValues = (values: Record<string, string>): Draft => ({ ...firstDraft(OPERATION), values });

describe("a drafted request", () => {
  it("begins with the examples of what is required", () => {
    expect(firstDraft(OPERATION)).toEqual({
      values: { "path id": "a b" },
      mediaType: "application/json",
      file: null,
      body: '{\n  "it": "\'s"\n}',
    });
  });
  it("escapes what is filled in, and leaves out what is not", () => {
    const draft = withValues({ "path id": "a/b?c", "query limit": "1&x=2", "header If-Match": "" });
    expect(requestOf(OPERATION, draft)).toMatchObject({
      target: "/things/a%2Fb%3Fc?limit=1%26x%3D2",
      headers: [["Content-Type", "application/json"]],
    });
  });
  it("goes to no other path: a required value, and none of the segments that a browser resolves", () => {
    expect(faultsOf(OPERATION, withValues({ "path id": "a" }))).toEqual({});
    for (const id of ["", ".", ".."])
      expect(faultsOf(OPERATION, withValues({ "path id": id }))).toHaveProperty(["path id"]);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (id) => {
        const draft = withValues({ "path id": id });
        if (Object.keys(faultsOf(OPERATION, draft)).length > 0) return;
        const { pathname } = new URL(requestOf(OPERATION, draft).target, "http://here.invalid");
        expect(pathname.split("/")).toHaveLength(3);
        expect(decodeURIComponent(pathname.slice("/things/".length))).toBe(id);
      }),
    );
  });
  it("has no header that a browser would refuse, and a body where one is needed", () => {
    expect(faultsOf(OPERATION, withValues({ "path id": "a", "header If-Match": "a\nb" }))).toHaveProperty([
      "header If-Match",
    ]);
    expect(faultsOf(OPERATION, { ...firstDraft(OPERATION), body: "" })).toHaveProperty("body");
  });
});

describe("curlOf", () => {
  it("writes the request with the key from the environment", () => {
    expect(curlOf(OPERATION, withValues({ "path id": "a" }), "http://h")).toBe(
      [
        "curl -X PUT",
        "'http://h/things/a'",
        '-H "Authorization: Bearer $HEADROOM_KEY"',
        "-H 'Content-Type: application/json'",
        `--data-raw '{\n  "it": "'\\''s"\n}'`,
      ].join(" \\\n  "),
    );
  });
  it("needs no key for a public operation", () => {
    expect(curlOf({ ...OPERATION, roles: ["none"] }, firstDraft(OPERATION), "http://h")).not.toContain("Authorization");
  });
  it("quotes whatever is filled in: a shell hands exactly that to curl", () => {
    const hostile = "$(id) `id` \"'\\ \n*; #";
    const draft = { ...withValues({ "path id": hostile, "header If-Match": `"'$HOME` }), body: hostile };
    const command = curlOf(OPERATION, draft, "http://h").replace(/^curl/, `printf '%s\\0'`);
    const given = execFileSync("sh", ["-c", command], {
      encoding: "utf8",
      env: { ...process.env, HEADROOM_KEY: "k" },
    }).split("\0");
    expect(given).toContain(hostile);
    expect(given).toContain(`If-Match: "'$HOME`);
    expect(given).toContain("Authorization: Bearer k");
  });
});
