import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeEach, expect, it } from "vitest";
import { MIB } from "../shared/bytes.ts";
import { LineLog, MAX_LOG_BYTES } from "./line-log.ts";

const directory = mkdtempSync(path.join(tmpdir(), "headroom-line-log-"));
afterAll(() => rmSync(directory, { recursive: true }));
let file = "";
let files = 0;
beforeEach(() => {
  file = path.join(directory, `${files++}.ndjson`);
});

/** An entry that is a line of `bytes`. */
const entryOf = (bytes: number) => ({ x: "x".repeat(bytes - '{"x":""}\n'.length) });

it("a job's log is 16 MB at most: the line that would pass that is left out, and all after it, though they might fit", async () => {
  expect(MAX_LOG_BYTES).toBe(16 * MIB);
  const log = new LineLog(file);
  for (let written = 0; written < 15; written++) await log.append([entryOf(MIB)]);
  await log.append([entryOf(MIB - 100), entryOf(100)]);
  expect([log.bytes, log.full, statSync(file).size]).toEqual([16 * MIB, false, 16 * MIB]);
  await log.append([entryOf(20)]);
  expect([log.bytes, log.full, statSync(file).size]).toEqual([16 * MIB, true, 16 * MIB]);

  const gaps = new LineLog(`${file}.gaps`, 0, 100);
  await gaps.append([entryOf(40), entryOf(80), entryOf(20)]);
  await gaps.append([entryOf(20)]);
  expect([gaps.bytes, gaps.full, statSync(`${file}.gaps`).size]).toEqual([40, true, 40]);
});

it("a log that was cut back to a checkpoint takes lines again, and gives what counts alone", async () => {
  const log = new LineLog(file, 0, 100);
  await log.append([entryOf(40), entryOf(50), entryOf(60)]);
  await log.rewind(40);
  await log.append([{ a: 1 }]);
  expect([log.full, await text(await log.read())]).toEqual([false, `${JSON.stringify(entryOf(40))}\n{"a":1}\n`]);
  expect(await text(await new LineLog(file, 40, 100).read())).toBe(`${JSON.stringify(entryOf(40))}\n`);
  await log.rewind(0);
  await log.rewind(0);
  expect(await text(await log.read())).toBe("");
});

it("a log whose file newer logs took the room of is told as gone, also after its job went on", async () => {
  const log = new LineLog(file);
  await log.append([{ a: 1 }, { a: 2 }]);
  rmSync(file);
  for (let resumed = 0; resumed < 2; resumed++) {
    await log.rewind(log.bytes);
    await log.append([{ a: 3 }]);
    await expect(log.read()).rejects.toMatchObject({ code: "not-found" });
  }
  await log.rewind(0);
  await log.append([{ a: 4 }]);
  expect(await text(await log.read())).toBe('{"a":4}\n');
});
