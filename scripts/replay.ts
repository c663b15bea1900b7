/**
 * Replays recorded samples through the leak detector: `npm run --silent replay -- FILE`, or samples on standard input.
 * NDJSON, gzipped or not; one line of JSON per change of verdict, and a last one with the outcome.
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { replay } from "../lib/memory/leaks/replay.ts";
import type { LeakSample } from "../lib/memory/leaks/sample.ts";

const file = process.argv[2];
const source = file === undefined || file === "-" ? process.stdin : createReadStream(file);
const input = file?.endsWith(".gz") ? source.pipe(createGunzip()) : source;

/** Lines without samples (a header, an empty line) are passed over; a line that is no JSON ends the run and is named. */
async function* samples(): AsyncGenerator<LeakSample> {
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    if (text.trim() === "") continue;
    const value = parse(text, line);
    if (isSample(value)) yield value;
  }
}

function parse(text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`line ${line} is not JSON`, { cause });
  }
}

function isSample(value: unknown): value is LeakSample {
  return (
    typeof value === "object" &&
    value !== null &&
    "process" in value &&
    "sampledAt" in value &&
    "gc" in value &&
    "activity" in value
  );
}

try {
  for await (const line of replay(samples())) process.stdout.write(`${JSON.stringify(line)}\n`);
} catch (error) {
  process.stderr.write(`replay: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
