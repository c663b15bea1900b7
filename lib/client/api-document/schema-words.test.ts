import { describe, expect, it } from "vitest";
import type { JsonSchema } from "./document.ts";
import { limitWords, shapesOf, typeWords } from "./schema-words.ts";

const named = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

describe("typeWords", () => {
  it.each<[JsonSchema, string]>([
    [{}, "any JSON"],
    [{ type: "string" }, "string"],
    [{ type: "string", format: "date-time" }, "string (date-time)"],
    [{ type: "string", format: "binary" }, "bytes"],
    [named("Session"), "Session"],
    [{ type: "array", items: named("Session") }, "list of Session"],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, "string or null"],
    [{ type: ["string", "null"] }, "string or null"],
    [{ enum: ["hot", "cold"] }, '"hot" or "cold"'],
    [{ const: true }, "true"],
    [{ allOf: [named("A"), named("B")] }, "A and B"],
    [{ type: "object", additionalProperties: {} }, "object"],
    [{ type: "object", additionalProperties: { type: "number" } }, "object of number"],
    [{ type: "object", properties: { a: {} } }, "object"],
  ])("says what %j is: %s", (schema, words) => expect(typeWords(schema)).toBe(words));
});

describe("limitWords", () => {
  it.each<[JsonSchema, string]>([
    [{ type: "string" }, ""],
    [{ minLength: 1, maxLength: 256 }, "1–256 characters"],
    [{ minLength: 0, maxLength: 256 }, "at most 256 characters"],
    [{ minItems: 3, maxItems: 3 }, "3 items"],
    [{ minimum: 0 }, "at least 0"],
    [{ minimum: 1, maximum: 315_360_000 }, "1–315,360,000"],
    [{ minimum: 0.1, maximum: 0.95 }, "0.1–0.95"],
    [{ exclusiveMinimum: 0, maximum: 1 }, "more than 0, at most 1"],
    [{ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }, ""],
    [{ minimum: 1, maximum: 500, default: 50 }, "1–500, 50 by default"],
    [{ pattern: "^a$" }, "matches ^a$"],
    [{ pattern: "^[0-9]…", format: "date-time" }, ""],
  ])("tells the bounds of %j: %s", (schema, words) => expect(limitWords(schema)).toBe(words));
});

describe("shapesOf", () => {
  const schemas: Record<string, JsonSchema> = {
    Node: { type: "object", properties: { next: named("Node"), id: { type: "string" } }, required: ["id"] },
    Loop: { anyOf: [named("Loop"), named("Node")] },
  };

  it("finds the fields of an object, of a list's items and of each alternative", () => {
    const shape = {
      name: "Node",
      fields: [
        { name: "next", schema: named("Node"), required: false },
        { name: "id", schema: { type: "string" }, required: true },
      ],
    };
    expect(shapesOf(named("Node"), schemas)).toEqual([shape]);
    expect(shapesOf({ type: "array", items: named("Node") }, schemas)).toEqual([shape]);
    expect(shapesOf({ anyOf: [{ type: "null" }, named("Node"), named("Node")] }, schemas)).toHaveLength(2);
    expect(shapesOf({ type: "object", additionalProperties: named("Node") }, schemas)).toEqual([shape]);
  });
  it("finds none in other values, nor behind a name that nothing has", () => {
    for (const schema of [{}, { type: "string" }, named("Nobody"), { type: "object", properties: {} }])
      expect(shapesOf(schema, schemas)).toEqual([]);
  });
  it("ends at a schema that is an alternative of itself", () => {
    expect(shapesOf(named("Loop"), schemas)).toMatchObject([{ name: "Node" }]);
  });
});
