import { describe, expect, it } from "vitest";
import type { OptimizationRun } from "../../../lib/contracts/memory.ts";
import { hasNothingToDo, runSentence, stepLabel, totals, whatDidNotHelp } from "./run-labels.ts";

const step = (name: string, predicted: number, freed: number) => ({
  step: name,
  items: 1,
  predictedFreedBytes: predicted,
  freedBytes: freed,
  durationMs: 1,
  longestPauseMs: 1,
});
const run = (steps: OptimizationRun["steps"]): OptimizationRun => ({
  id: "r",
  trigger: "manual",
  actor: "ada",
  dryRun: false,
  state: "completed",
  startedAt: "2026-01-01T00:00:00.000Z",
  durationMs: 1,
  targetRatio: null,
  before: { usedBytes: 1, heapUsedBytes: 1, storeBytes: 1 },
  after: { usedBytes: 1, heapUsedBytes: 1, storeBytes: 1 },
  freedBytes: steps.reduce((sum, { freedBytes }) => sum + freedBytes, 0),
  rssFreedBytes: 0,
  note: null,
  steps,
});

describe("runs in words", () => {
  it("names what a step does and where, and keeps the name of one that it does not know", () => {
    expect(stepLabel("evict:cache")).toEqual({ title: "Evict least valuable items", store: "cache", lossless: false });
    expect(stepLabel("collect")).toEqual({ title: "Collect garbage", store: null, lossless: true });
    expect(stepLabel("constructor:x").title).toBe("constructor");
  });
  it("says which steps did not help, and that none did when none did", () => {
    expect(whatDidNotHelp(run([step("expire:cache", 5, 5)]))).toBeNull();
    expect(whatDidNotHelp(run([step("expire:cache", 5, 5), step("collect", 0, 0)]))).toBe(
      "Freed nothing: collect garbage.",
    );
    expect(whatDidNotHelp(run([step("collect", 0, 0)]))).toBe("No step found memory to free.");
  });
  it("does not blame a step that had nothing to do", () => {
    const idle = { ...step("expire:sessions", 0, 0), items: 0 };
    expect(whatDidNotHelp(run([step("compact:cache", 5, 5), idle]))).toBeNull();
    expect([idle, { ...idle, step: "collect" }, step("spill:rag", 3, 0)].map(hasNothingToDo)).toEqual([
      true,
      false,
      false,
    ]);
  });
  it("adds like to like: stores' rows, the others, and all of them, predicted and freed", () => {
    const one = run([step("expire:cache", 1024, 2048), step("collect", 4096, 0), step("trim", 0, 1024)]);
    expect(totals(one)).toEqual({
      stores: { predictedBytes: 1024, freedBytes: 2048 },
      process: { predictedBytes: 4096, freedBytes: 1024 },
      all: { predictedBytes: 5120, freedBytes: 3072 },
    });
    expect(runSentence(one)).toBe("ada freed 3.0 KiB manually");
    expect(runSentence({ ...run([step("collect", 8, 2048)]), freedBytes: 0 })).toBe("ada freed 2.0 KiB manually");
  });
});
