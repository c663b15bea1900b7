import { describe, expect, it } from "vitest";
import { commandFor, type KeyPress } from "./keyboard.ts";
import { destinationOf, NAVIGATION } from "./navigation.ts";

const press = (key: string, change: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  typing: false,
  ...change,
});

describe("keyboard", () => {
  it("leaves letters alone while a person types, but not the palette", () => {
    expect(commandFor(press("p", { typing: true }), false)).toBeNull();
    expect(commandFor(press("k", { typing: true, metaKey: true }), false)).toEqual({ kind: "palette" });
  });
  it("leaves the browser's own combinations alone", () => {
    expect(commandFor(press("p", { ctrlKey: true }), false)).toBeNull();
    expect(commandFor(press("o", { metaKey: true }), false)).toBeNull();
  });
  it("takes o as optimize, and as Overview after g", () => {
    expect(commandFor(press("o"), false)).toEqual({ kind: "optimize" });
    expect(commandFor(press("o"), true)).toEqual({ kind: "go", key: "o" });
  });
  it("does nothing for names that every object has", () => {
    expect(commandFor(press("constructor"), false)).toBeNull();
  });
});

describe("navigation", () => {
  it("gives each page a key of its own", () => {
    expect(new Set(NAVIGATION.map(({ key }) => key)).size).toBe(NAVIGATION.length);
  });
  it("finds the page that a path lies under, and Overview only at the root", () => {
    expect([destinationOf("/settings/keys")?.label, destinationOf("/")?.label, destinationOf("/nowhere")]).toEqual([
      "Settings",
      "Overview",
      undefined,
    ]);
  });
});
