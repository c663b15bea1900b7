import { expect, it } from "vitest";
import type { z } from "zod";
import { EVENT_AUDIENCE, EVENT_PAYLOADS } from "../../../contracts/events.ts";
import { EVENT_SCHEMA_NAMES, SCHEMA_NAMES } from "../../../contracts/schema-names.ts";
import { createAsyncApi } from "./asyncapi.ts";

interface Document {
  channels: Record<string, { messages: Record<string, unknown> }>;
  operations: Record<string, { action: string; description: string; "x-headroom-role"?: unknown }>;
  components: {
    messages: Record<string, { name: string; payload: { $ref: string } }>;
    schemas: Record<string, unknown>;
  };
}

const document = JSON.parse(JSON.stringify(createAsyncApi())) as Document;

/** Every reference in a value. */
function referencesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => (name === "$ref" ? [String(member)] : referencesIn(member)));
}

function find(reference: string): unknown {
  const at = (place: unknown, name: string) => (place as Record<string, unknown> | undefined)?.[name];
  return reference.slice(2).split("/").reduce<unknown>(at, document);
}

it("The AsyncAPI document has every event of the socket, sent by the server, and no other", () => {
  const names = Object.values(document.components.messages).map(({ name }) => name);
  expect(names).toEqual(Object.keys(EVENT_PAYLOADS));
  expect(Object.keys(document.channels.monitoring?.messages ?? {})).toHaveLength(names.length);
  expect(Object.values(document.operations).map(({ action }) => action)).toEqual(names.map(() => "send"));
});

it("The AsyncAPI document tells who hears an event, as the server decides it", () => {
  for (const [name, { roles, namespaced }] of Object.entries(EVENT_AUDIENCE)) {
    const operation = document.operations[`send-${name.replaceAll(":", "-")}`];
    expect(operation?.["x-headroom-role"]).toEqual(["operator", ...roles]);
    expect([name, operation?.description.endsWith("Only keys of its namespace, and operators.")]).toEqual([
      name,
      namespaced,
    ]);
  }
});

it("The AsyncAPI document calls no event public: the end of a sign-in is told to whoever had one", () => {
  expect(document.operations["send-signed-out"]).not.toHaveProperty("x-headroom-role");
  expect(JSON.stringify(document)).not.toContain('"none"');
});

it("Every reference of the AsyncAPI document leads to something, and every key is one that AsyncAPI allows", () => {
  const references = referencesIn(document);
  expect(references.length).toBeGreaterThan(20);
  for (const reference of references) expect([reference, find(reference)]).toEqual([reference, expect.anything()]);
  for (const group of [document.channels, document.operations, ...Object.values(document.components)])
    for (const key of Object.keys(group)) expect(key).toMatch(/^[\w-]+$/);
});

it("A payload of the AsyncAPI document is the schema that types the emitter, by its name in the OpenAPI document or its own", () => {
  for (const { name, payload } of Object.values(document.components.messages)) {
    const named = payload.$ref.replace("#/components/schemas/", "");
    const schema: z.ZodType | undefined = SCHEMA_NAMES[named] ?? EVENT_SCHEMA_NAMES[named];
    expect([name, schema]).toEqual([name, EVENT_PAYLOADS[name as keyof typeof EVENT_PAYLOADS]]);
  }
});
