/**
 * Scores the leak detector on recorded traces: `npm run bench:leaks -- [DIR …]`. Without a folder it takes the public traces of
 * ../shared/data/leaks, where they are. A folder of `record.mjs` outputs carries its labels in each file's first line.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { LeakDetector } from "../../lib/memory/leaks/leak-detector.ts";
import type { LeakSample } from "../../lib/memory/leaks/sample.ts";

interface Label {
  label: "leak" | "ok";
  onset: number;
}

interface Outcome extends Label {
  file: string;
  confirmedAt: number | null;
}

const shared = path.resolve(import.meta.dirname, "../../../shared/data/leaks");
const folders = process.argv.slice(2);
if (folders.length === 0 && !existsSync(shared)) console.log("the public traces are not there: nothing to score");
else for (const folder of folders.length > 0 ? folders : [shared]) scoreFolder(folder);

function scoreFolder(folder: string): void {
  const labels = path.join(folder, "labels.json");
  const known = existsSync(labels) ? JSON.parse(readFileSync(labels, "utf8")) : {};
  const files = readdirSync(folder).filter((name) => name.includes(".ndjson"));
  for (const mode of ["natural", "gc5min", ""]) {
    const chosen = files.filter((name) => (mode === "" ? !/natural|gc5min/.test(name) : name.includes(mode)));
    if (chosen.length > 0)
      report(
        `${folder} ${mode}`,
        chosen.map((name) => judge(folder, name, known[name])),
      );
  }
}

function judge(
  folder: string,
  file: string,
  known: { label: Label["label"]; onsetSample: number } | undefined,
): Outcome {
  const bytes = readFileSync(path.join(folder, file));
  const lines = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes)
    .toString()
    .trim()
    .split("\n")
    .map((l) => JSON.parse(l));
  const meta = lines[0]?.meta;
  const samples: LeakSample[] = meta ? lines.slice(1) : lines;
  const detector = new LeakDetector();
  let confirmedAt: number | null = null;
  samples.forEach((sample, i) => {
    detector.push(sample);
    if (detector.state === "confirmed") confirmedAt ??= i;
  });
  return { file, label: known?.label ?? meta?.label, onset: known?.onsetSample ?? meta?.onset ?? 0, confirmedAt };
}

function report(title: string, outcomes: readonly Outcome[]): void {
  const found = outcomes.filter((o) => o.label === "leak" && o.confirmedAt !== null);
  const missed = outcomes.filter((o) => o.label === "leak" && o.confirmedAt === null);
  const alarms = outcomes.filter((o) => o.label === "ok" && o.confirmedAt !== null);
  const healthy = outcomes.filter((o) => o.label === "ok").length;
  const minutes = found.map((o) => ((o.confirmedAt ?? 0) - o.onset) / 2).sort((a, b) => a - b);
  const f1 = (2 * found.length) / (2 * found.length + missed.length + alarms.length);
  const middle =
    minutes.length % 2 === 1
      ? minutes[minutes.length >> 1]
      : ((minutes[minutes.length / 2 - 1] ?? 0) + (minutes[minutes.length / 2] ?? 0)) / 2;
  console.log(`${title}: F1 ${f1.toFixed(3)}, false alarms ${alarms.length} of ${healthy}, median ${middle} min`);
  for (const o of missed) console.log(`  missed      ${o.file}`);
  for (const o of alarms) console.log(`  false alarm ${o.file} at sample ${o.confirmedAt}`);
}
