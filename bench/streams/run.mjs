// npm run bench:streams [-- --mb=96 --rounds=3 --race=csv --dir=/tmp --keep]: our parsers against their peers on the same files in the same
// run, each in a process of its own, interleaved; medians. A peer that is not installed is named and left out.
// With --keep the files stay in the folder, and are used again by the next run that has it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { RACES } from "./contestants.mjs";
import { writeData } from "./data.mjs";

const text = (fallback) => ({ type: "string", default: fallback });
const keep = { type: "boolean", default: false };
const { values } = parseArgs({
  options: { mb: text("96"), rounds: text("3"), race: text(""), dir: text(tmpdir()), keep },
});
const here = path.dirname(fileURLToPath(import.meta.url));
const dir = values.keep ? values.dir : mkdtempSync(path.join(values.dir, "headroom-streams-"));
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

function once(race, name, file) {
  const options = ["--expose-gc", "--import", "tsx", path.join(here, "once.mjs"), race, name, file];
  try {
    return JSON.parse(execFileSync(process.execPath, options, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }));
  } catch (error) {
    if (/ERR_MODULE_NOT_FOUND|Cannot find (?:package|module)/.test(String(error.stderr))) return null;
    throw error;
  }
}

try {
  for (const [race, { file: kind, runs }] of Object.entries(RACES)) {
    if (values.race !== "" && values.race !== race) continue;
    const file = path.join(dir, `${kind}-${values.mb}`);
    await writeData(kind, Number(values.mb), file);
    const results = new Map(Object.keys(runs).map((name) => [name, []]));
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [name, list] of results) {
        const result = list.missing ? null : once(race, name, file);
        if (result) list.push(result);
        else list.missing = true;
      }
    }
    console.log(
      `\n${race}, ${values.mb} MB${" ".repeat(Math.max(1, 24 - race.length))}MB/CPU-s     MB/s   rise MB   records   ours ÷ it`,
    );
    const our = median(results.get("ours").map((result) => result.perCpuSecond));
    for (const [name, list] of results) {
      if (list.missing) {
        console.log(`  ${name}: not installed`);
        continue;
      }
      const figure = (key) => median(list.map((result) => result[key]));
      const speed = figure("perCpuSecond");
      const cells = [
        speed.toFixed(0),
        figure("perSecond").toFixed(0),
        figure("riseMb").toFixed(0),
        figure("records"),
        (our / speed).toFixed(2),
      ];
      console.log(`  ${name.padEnd(28)}${cells.map((cell) => String(cell).padStart(10)).join("")}`);
    }
  }
} finally {
  if (!values.keep) rmSync(dir, { recursive: true, force: true });
}
