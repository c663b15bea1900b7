import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import setUp from "./temporary-folder.mjs";

it("takes what a run leaves in the temporary folder with it, and nothing else", () => {
  const outside = tmpdir();
  const tearDown = setUp();
  const inside = tmpdir();
  expect(path.dirname(inside)).toBe(outside);
  const left = mkdtempSync(path.join(tmpdir(), "left-"));
  writeFileSync(path.join(left, "file"), "x");
  tearDown();
  expect([existsSync(left), existsSync(inside), existsSync(outside), tmpdir()]).toEqual([false, false, true, outside]);
});

it("holds for this run", () => {
  expect(path.basename(tmpdir())).toMatch(/^headroom-test-/);
});
