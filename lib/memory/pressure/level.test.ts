import { describe, expect, it } from "vitest";
import { type Level, nextLevel } from "./level.ts";

describe("nextLevel", () => {
  it.each<[Level, number, Level]>([
    ["normal", 0.6999, "normal"],
    ["normal", 0.7, "elevated"],
    ["normal", 0.85, "elevated"],
    ["normal", 0.8501, "critical"],
    ["critical", 0.81, "critical"],
    ["critical", 0.8, "elevated"],
    ["elevated", 0.65, "elevated"],
    ["elevated", 0.6499, "normal"],
    ["critical", 0.3, "normal"],
  ])("%s at %d becomes %s", (previous, ratio, next) => {
    expect(nextLevel(previous, ratio)).toBe(next);
  });
});
