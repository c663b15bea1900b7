import { describe, expect, it } from "vitest";
import { readDocument } from "./document.ts";
import { narrowed } from "./narrow.ts";

const everyAnswer = { "X-Request-Id": { $ref: "#/components/headers/X-Request-Id" } };
const DOCUMENT = {
  openapi: "3.1.0",
  info: { title: "Headroom", version: "1.2.3", description: "About" },
  tags: [{ name: "things", description: "Of every kind" }, { name: "unused" }],
  paths: {
    "/things/{id}": {
      get: {
        operationId: "getThing",
        tags: ["things"],
        summary: "Get a thing",
        "x-headroom-role": ["viewer", "consumer"],
        parameters: [
          { name: "id", in: "path", required: true, schema: { type: "string" }, example: "a" },
          { $ref: "#/components/parameters/X-Namespace" },
        ],
        responses: {
          404: { $ref: "#/components/responses/NotFound" },
          200: {
            description: "It",
            headers: { ...everyAnswer, ETag: { schema: { type: "string" }, description: "Its version" } },
            content: {
              "application/json": { schema: { $ref: "#/components/schemas/Thing" }, example: { $ref: "kept" } },
            },
          },
          default: { $ref: "#/components/responses/NotFound" },
        },
      },
    },
    "/up": {
      post: {
        operationId: "isUp",
        tags: ["things"],
        summary: "Tell that it is up",
        "x-headroom-role": "none",
        responses: { 204: { description: "Up", headers: everyAnswer } },
      },
    },
  },
  components: {
    parameters: {
      "X-Namespace": { name: "X-Namespace", in: "header", schema: { type: "string" }, description: "Whose" },
    },
    headers: { "X-Request-Id": { schema: { type: "string" }, description: "Of the request" } },
    responses: { NotFound: { description: "`not-found`: None", headers: everyAnswer } },
    schemas: { Thing: { type: "object", properties: { part: { $ref: "#/components/schemas/Thing" } } } },
  },
};

describe("readDocument", () => {
  const document = readDocument(DOCUMENT);
  const [thing, up] = document.groups[0]?.operations ?? [];

  it("lists the operations by group, and no group without one", () => {
    expect(document.groups.map(({ name, operations }) => [name, operations.map(({ id }) => id)])).toEqual([
      ["things", ["getThing", "isUp"]],
    ]);
    expect([thing?.method, thing?.roles, up?.roles]).toEqual(["GET", ["viewer", "consumer"], ["none"]]);
  });
  it("puts parameters and answers in place of references, and leaves schemas and examples alone", () => {
    expect(thing?.parameters[1]).toMatchObject({ name: "X-Namespace", in: "header", description: "Whose" });
    expect(thing?.answers.map(({ status, description }) => [status, description])).toEqual([
      [200, "It"],
      [404, "`not-found`: None"],
    ]);
    expect(thing?.answers[0]?.content["application/json"]).toEqual({
      schema: { $ref: "#/components/schemas/Thing" },
      example: { $ref: "kept" },
    });
  });
  it("leaves headers out that every answer has", () => {
    expect(Object.keys(thing?.answers[0]?.headers ?? {})).toEqual(["ETag"]);
  });
  it("says in a line where something else does not fit", () => {
    expect(() => readDocument({ ...DOCUMENT, info: {} })).toThrow("/openapi.json is not as expected at info version.");
    for (const other of [null, [], "text", {}, { components: { parameters: 1 } }])
      expect(() => readDocument(other)).toThrow("is not as expected");
  });
  it("ends where parts refer to each other in a circle", () => {
    const circle = { a: { $ref: "#/components/headers/b" }, b: { $ref: "#/components/headers/a" } };
    const paths = structuredClone(DOCUMENT.paths) as Record<string, unknown>;
    paths["/circle"] = { $ref: "#/components/headers/a" };
    expect(() => readDocument({ ...DOCUMENT, paths, components: { headers: circle } })).toThrow("is not as expected");
  });
});

describe("narrowed", () => {
  const { groups } = readDocument(DOCUMENT);
  const ids = (narrowing: Partial<Parameters<typeof narrowed>[1]>) =>
    narrowed(groups, { text: "", group: "", role: "", ...narrowing }).flatMap(({ operations }) =>
      operations.map(({ id }) => id),
    );

  it("finds operations whose method, path, id, summary and parameters hold all words, in any case", () => {
    expect(ids({ text: "  THINGS get " })).toEqual(["getThing"]);
    expect(ids({ text: "x-namespace" })).toEqual(["getThing"]);
    expect(ids({ text: "post up" })).toEqual(["isUp"]);
    expect(ids({ text: "post thing" })).toEqual([]);
  });
  it("shows a role what it may call, public operations to everybody, and all to an operator", () => {
    expect(ids({ role: "viewer" })).toEqual(["getThing", "isUp"]);
    expect(ids({ role: "somebody" })).toEqual(["isUp"]);
    expect(ids({ role: "operator" })).toEqual(["getThing", "isUp"]);
  });
  it("shows nothing of a group that is not there", () => {
    expect(ids({ group: "things" })).toHaveLength(2);
    expect(ids({ group: "others" })).toEqual([]);
  });
});
