import { describe, expect, it } from "vitest";
import type { FlameNode } from "../../../../lib/client/queries/leaks.ts";
import { flameLayout } from "./flame-layout.ts";

const node = (functionName: string, selfSize: number, children: FlameNode[] = []): FlameNode => ({
  callFrame: { functionName, url: "a.js", lineNumber: 0 },
  selfSize,
  children,
});

describe("flameLayout", () => {
  it("gives each call the width of what was allocated in it and below, side by side under its caller", () => {
    const bars = flameLayout(node("(root)", 0, [node("a", 10, [node("b", 30)]), node("c", 60)]));
    expect(bars.map(({ label, from, width, depth }) => [label, from, width, depth])).toEqual([
      ["(root)", 0, 1, 0],
      ["a", 0, 0.4, 1],
      ["b", 0, 0.3, 2],
      ["c", 0.4, 0.6, 1],
    ]);
  });

  it("leaves out what is too narrow to be seen, and nothing of an empty profile fails", () => {
    expect(flameLayout(node("(root)", 0, [node("wide", 1_000), node("dust", 1)])).map((bar) => bar.label)).toEqual([
      "(root)",
      "wide",
    ]);
    expect(flameLayout(node("(root)", 0))).toEqual([]);
  });
});
