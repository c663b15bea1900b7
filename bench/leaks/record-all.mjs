// Records the programs of bench/leaks (and of ../shared/data/leaks/programs, where they are) into a folder that `npm run bench:leaks` scores:
//   node --import tsx bench/leaks/record-all.mjs DIR [--seeds 41,42] [--jobs 8] [--match leak-] [--only tuned|held-out] [--asked]
// A recording takes 48 s and little CPU. One that is there already is kept. The detector was tuned on programs that are "tuned".
// With --asked a detector listens, and a program collects when it wants that, as a watched service does while it is idle.
import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { LeakDetector } from "../../lib/memory/leaks/leak-detector.ts";
import { ReplayLines } from "../../lib/memory/leaks/replay-lines.ts";
import { harnessToSamples } from "./harness-samples.mjs";
import { layOut } from "./public-programs.mjs";
import { isHeldOut, scenarios } from "./scenarios.mjs";

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const out = process.argv[2];
if (!out || out.startsWith("--")) throw new RangeError("say which folder to record into");
const seeds = option("seeds", "41").split(",");
const match = option("match", "");
const only = option("only");
const asked = process.argv.includes("--asked");
const known = only || asked ? null : layOut();
const folder = path.resolve(out);
mkdirSync(folder, { recursive: true });

const jobs = [...Object.keys(scenarios), ...(known?.names ?? [])]
  .filter((name) => name.includes(match) && (!only || isHeldOut(name) === (only === "held-out")))
  .flatMap((name) => seeds.map((seed) => ({ name, seed })));
const lane = async () => {
  for (let job = jobs.shift(); job; job = jobs.shift()) await record(job);
};
await Promise.all(Array.from({ length: Number(option("jobs", "8")) }, lane));
if (known) rmSync(known.work, { recursive: true });

async function record({ name, seed }) {
  const file = path.join(folder, `${name.replace(/\.js$/, "")}-${seed}.${asked ? "asked" : "natural"}.ndjson`);
  if (existsSync(file)) return;
  const foreign = name.endsWith(".js");
  const args = foreign
    ? [
        "--expose-gc",
        path.join(known.programs, name),
        "--seconds",
        "48",
        "--tick-ms",
        "200",
        "--gc",
        "natural",
        "--seed",
        seed,
      ]
    : [
        "--expose-gc",
        path.join(import.meta.dirname, "record.mjs"),
        name,
        "--seed",
        seed,
        ...(asked ? ["--asked"] : []),
      ];
  const child = spawn(process.execPath, args, { stdio: [asked ? "pipe" : "ignore", "pipe", "inherit"] });
  if (asked) answer(child);
  const steps = foreign ? [child.stdout, harnessToSamples(name, seed)] : [child.stdout];
  await pipeline([...steps, createWriteStream(`${file}.part`)]);
  if (child.exitCode) throw new Error(`${name} ended with ${child.exitCode}`);
  renameSync(`${file}.part`, file);
}

/** Tells the program after each sample whether the detector wants a collection. */
function answer({ stdin, stdout }) {
  const lines = new ReplayLines();
  const detector = new LeakDetector();
  // A program that has ended hears no answer.
  stdin.on("error", () => stdin.destroy());
  createInterface({ input: stdout }).on("line", (line) => {
    const sample = lines.take(line);
    if (!sample) return;
    detector.push(sample);
    stdin.write(detector.wantsCollection() ? "collect\n" : "go on\n");
  });
}
