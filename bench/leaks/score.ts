/**
 * Scores the leak detector on recorded traces: `npm run bench:leaks -- [DIR …]`. Without a folder it takes the public traces of
 * ../shared/data/leaks, where they are. In a folder of `record-all.mjs`, each file's first line says what the program does and whether
 * the detector was tuned on it; the groups are scored apart.
 * `-- --days [SEEDS]` scores generated days instead, and `-- --replay [FILE]` hours of the report load.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { LeakDetector } from "../../lib/memory/leaks/leak-detector.ts";
import { ReplayLines } from "../../lib/memory/leaks/replay-lines.ts";
import { median } from "../../lib/shared/median.ts";
import { scoreDays } from "./days.ts";
import { scoreReplay } from "./replay-load.ts";

interface Label {
  label: "leak" | "ok";
  onset: number;
  group: string;
}

interface Outcome extends Label {
  file: string;
  confirmedAt: number | null;
}

const shared = path.resolve(import.meta.dirname, "../../../shared/data/leaks");
const folders = process.argv.slice(2);
if (folders[0] === "--days") scoreDays(Number(folders[1] ?? 1));
else if (folders[0] === "--replay") scoreReplay(folders[1]);
else if (folders.length === 0 && !existsSync(shared)) console.log("the public traces are not there: nothing to score");
else for (const folder of folders.length > 0 ? folders : [shared]) scoreFolder(folder);

function scoreFolder(folder: string): void {
  const labels = path.join(folder, "labels.json");
  const known: Record<string, { label: Label["label"]; onsetSample: number }> = existsSync(labels)
    ? JSON.parse(readFileSync(labels, "utf8"))
    : {};
  const groups = new Map<string, Outcome[]>();
  for (const file of readdirSync(folder).filter((name) => /\.ndjson(\.gz)?$/.test(name))) {
    const text = textOf(path.join(folder, file));
    const labelled = known[file];
    const group = `public traces, ${file.includes("gc5min") ? "a collection every 5 minutes" : "natural collections"}`;
    const label = labelled ? { label: labelled.label, onset: labelled.onsetSample, group } : headerOf(text);
    groups.set(label.group, [...(groups.get(label.group) ?? []), { file, ...label, confirmedAt: judge(text) }]);
  }
  for (const [group, outcomes] of groups) report(group, outcomes);
  if (groups.size > 1 && Object.keys(known).length === 0) report("all", [...groups.values()].flat(), false);
}

function textOf(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
}

function headerOf(text: string): Label {
  const { meta } = JSON.parse(text.slice(0, text.indexOf("\n")));
  return { label: meta.label, onset: meta.onset ?? 0, group: meta.group ?? "unnamed" };
}

function judge(text: string): number | null {
  const lines = new ReplayLines();
  const detector = new LeakDetector();
  for (const line of text.split("\n")) {
    const sample = lines.take(line);
    if (!sample) continue;
    detector.push(sample);
    if (detector.state === "confirmed") return lines.taken - 1;
  }
  return null;
}

function report(title: string, outcomes: readonly Outcome[], named = true): void {
  const found = outcomes.filter((o) => o.label === "leak" && o.confirmedAt !== null);
  const missed = outcomes.filter((o) => o.label === "leak" && o.confirmedAt === null);
  const alarms = outcomes.filter((o) => o.label === "ok" && o.confirmedAt !== null);
  const healthy = outcomes.filter((o) => o.label === "ok").length;
  const minutes = found.map((o) => ((o.confirmedAt ?? 0) - o.onset) / 2);
  const f1 = (2 * found.length) / (2 * found.length + missed.length + alarms.length);
  console.log(
    `${title}: F1 ${f1.toFixed(3)}, found ${found.length} of ${found.length + missed.length}, false alarms ${alarms.length} of ${healthy}, median ${median(minutes)} min`,
  );
  if (!named) return;
  for (const o of missed) console.log(`  missed      ${o.file}`);
  for (const o of alarms) console.log(`  false alarm ${o.file} at sample ${o.confirmedAt}`);
}
