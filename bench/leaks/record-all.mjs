// Records the programs of bench/leaks (and of ../shared/data/leaks/programs, where they are) into a folder that `npm run bench:leaks` scores:
//   node bench/leaks/record-all.mjs DIR [--seeds 41,42] [--jobs 8] [--match leak-]
// A recording takes 48 s and little CPU. One that is there already is kept.
import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { harnessToSamples } from "./harness-samples.mjs";
import { layOut } from "./public-programs.mjs";
import { scenarios } from "./scenarios.mjs";

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const out = process.argv[2];
if (!out || out.startsWith("--")) throw new RangeError("say which folder to record into");
const seeds = option("seeds", "41").split(",");
const match = option("match", "");
const known = layOut();
const folder = path.resolve(out);
mkdirSync(folder, { recursive: true });

const jobs = [...Object.keys(scenarios), ...(known?.names ?? [])]
  .filter((name) => name.includes(match))
  .flatMap((name) => seeds.map((seed) => ({ name, seed })));
const lane = async () => {
  for (let job = jobs.shift(); job; job = jobs.shift()) await record(job);
};
await Promise.all(Array.from({ length: Number(option("jobs", "8")) }, lane));
if (known) rmSync(known.work, { recursive: true });

async function record({ name, seed }) {
  const file = path.join(folder, `${name.replace(/\.js$/, "")}-${seed}.natural.ndjson`);
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
    : ["--expose-gc", path.join(import.meta.dirname, "record.mjs"), name, "--seed", seed];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const steps = foreign ? [child.stdout, harnessToSamples(name, seed)] : [child.stdout];
  await pipeline([...steps, createWriteStream(`${file}.part`)]);
  renameSync(`${file}.part`, file);
}
