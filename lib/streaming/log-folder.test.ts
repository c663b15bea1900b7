import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, it } from "vitest";
import { LineLog } from "./line-log.ts";
import { LogFolder } from "./log-folder.ts";

let directory = "";
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Logs of 100 bytes, each written a second after the one before. */
function withLogs(...names: string[]): string {
  directory = mkdtempSync(path.join(tmpdir(), "headroom-logs-"));
  for (const [second, name] of names.entries()) {
    const file = path.join(directory, name);
    writeFileSync(file, "x".repeat(100));
    utimesSync(file, second, second);
  }
  return directory;
}

it("holds its bound by the logs that were written first, but for those in use", async () => {
  const folder = new LogFolder(withLogs("a", "b", "c", "d"), 250);
  await folder.add(100, () => false);
  expect(readdirSync(directory)).toHaveLength(4);
  await folder.add(300, (name) => name === "a");
  expect(readdirSync(directory).sort()).toEqual(["a", "d"]);
});

it("looks again only when what was added since is over the bound", async () => {
  const folder = new LogFolder(withLogs("a", "b"), 250);
  await folder.keepOnly(new Set(["a", "b"]));
  writeFileSync(path.join(directory, "c"), "x".repeat(100));
  await folder.add(50, () => false);
  expect(readdirSync(directory)).toHaveLength(3);
  await folder.add(50, () => false);
  expect(readdirSync(directory).sort()).toEqual(["b", "c"]);
});

it("keeps at a start the logs of known jobs alone, within the bound", async () => {
  const folder = new LogFolder(withLogs("a", "b", "c", "unknown"), 250);
  await folder.keepOnly(new Set(["a", "b", "c"]));
  expect(readdirSync(directory).sort()).toEqual(["b", "c"]);
});

it("a log whose file was removed says so, and one that never had anything is empty", async () => {
  const file = path.join(withLogs("a"), "a");
  rmSync(file);
  await expect(new LineLog(file, 100).read()).rejects.toMatchObject({ code: "not-found" });
  expect(await (await new LineLog(file, 0).read()).toArray()).toEqual([]);
});
