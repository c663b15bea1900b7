/**
 * Replays recorded samples through the leak detector: `npm run --silent replay -- FILE`, or samples on standard input.
 * NDJSON, gzipped or not; one line of JSON per change of verdict, and a last one with the outcome. Lines that are no sample are left
 * out and told of on standard error; without any sample, or when the file cannot be read, it ends with code 1.
 */
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { parseArgs } from "node:util";
import { createGunzip } from "node:zlib";
import { replay } from "../lib/memory/leaks/replay.ts";
import { ReplayLines } from "../lib/memory/leaks/replay-lines.ts";
import type { LeakSample } from "../lib/memory/leaks/sample.ts";

const GZIP_MAGIC = 0x1f8b;
const USAGE = `Usage: npm run --silent replay -- FILE
Replays recorded samples (NDJSON, gzipped or not; - or nothing: standard input) through the leak detector, and prints each
change of verdict and the outcome as lines of JSON.`;

const { values, positionals } = options();
const [file] = positionals;
const lines = new ReplayLines();

function options() {
  try {
    return parseArgs({ allowPositionals: true, options: { help: { type: "boolean", short: "h" } } });
  } catch (error) {
    process.stderr.write(`replay: ${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    return process.exit(2);
  }
}

async function* samples(input: Readable): AsyncGenerator<LeakSample> {
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    const sample = lines.take(text);
    if (sample) yield sample;
  }
}

/** The text of a stream that may be gzipped: its first two bytes tell. A fault in either stream ends the other. */
async function plain(source: Readable): Promise<Readable> {
  await once(source, "readable");
  const head: Buffer | null = source.read(2);
  if (head) source.unshift(head);
  if (head?.length !== 2 || head.readUInt16BE() !== GZIP_MAGIC) return source;
  const gunzip = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  return source.pipe(gunzip);
}

function fail(message: string): void {
  process.stderr.write(`replay: ${message}\n`);
  process.exitCode = 1;
}

// A reader that has seen enough (`| head -1`) closes the pipe: that is no fault.
process.stdout.on("error", () => process.exit());

if (values.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit();
}

try {
  if (positionals.length > 1) throw new Error("one file at a time");
  const input = await plain(file === undefined || file === "-" ? process.stdin : createReadStream(file));
  for await (const line of replay(samples(input))) process.stdout.write(`${JSON.stringify(line)}\n`);
  const leftOut = lines.report();
  if (leftOut) process.stderr.write(`replay: ${leftOut}\n`);
  if (lines.taken === 0) fail("the file has no samples");
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
