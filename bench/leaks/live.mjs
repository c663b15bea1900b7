// Runs leaking and healthy programs under the agent against a running server and says what it made of them:
//   node bench/leaks/live.mjs --url http://127.0.0.1:3000 --key KEY [--seed 7] [--dir ../shared/data/leaks/programs] [--match L0]
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { layOut } from "./public-programs.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const url = option("url", "http://127.0.0.1:3000");
const key = option("key", process.env.HEADROOM_OPERATOR_KEY ?? "");
const seed = option("seed", "7");
const match = option("match", "");
const known = layOut(option("dir"));
if (!known) {
  console.log("the public programs are not there: nothing to run");
  process.exit(0);
}

const matched = (name) => match.split(",").some((m) => name.includes(m));
const programs = known.names.filter(matched);
const results = [];
const jobs = Number(option("jobs", "5"));
for (let i = 0; i < programs.length; i += jobs)
  results.push(...(await Promise.all(programs.slice(i, i + jobs).map(run))));
rmSync(known.work, { recursive: true });
let wrong = 0;
for (const r of results) {
  const good = r.leaks === r.confirmed && (!r.leaks || r.named > 0);
  if (!good) wrong += 1;
  const culprit = r.leaks
    ? `culprit ${r.named ? `#${r.named}` : "not named"} [${r.sites.slice(0, 3).join(" | ")}]`
    : "";
  console.log(
    `${good ? "ok  " : "MISS"} ${r.program.padEnd(28)} ${r.state.padEnd(10)} at ${String(r.confirmedAfter ?? "-").padStart(4)} ${r.series.join("+").padEnd(22)} ${culprit}`,
  );
}
console.log(`${results.length - wrong} of ${results.length} right (seed ${seed})`);

async function run(program) {
  const name = `${program.replace(/\.js$/, "")}-${seed}-${process.pid}`;
  const args = ["--import", path.join(root, "agent/headroom-agent.mjs"), "--expose-gc", program];
  args.push("--seconds", "48", "--tick-ms", "200", "--gc", "natural", "--seed", seed);
  const env = {
    ...process.env,
    HEADROOM_AGENT_URL: url,
    HEADROOM_AGENT_KEY: key,
    HEADROOM_AGENT_NAME: name,
    HEADROOM_AGENT_SAMPLE_MS: "200",
    HEADROOM_AGENT_TIME_SCALE: "150",
  };
  const child = spawn(process.execPath, args, {
    cwd: known.programs,
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  let confirmedAfter = null;
  let confirmedReport = null;
  const ask = async () => {
    const response = await fetch(`${url}/api/v1/agents/${encodeURIComponent(name)}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    return response.ok ? response.json() : null;
  };
  const poll = setInterval(async () => {
    const report = await ask().catch(() => null);
    if (report?.state === "confirmed") {
      confirmedAfter ??= report.samples;
      confirmedReport = report;
    }
  }, 1000);
  await new Promise((resolve) => child.on("exit", resolve));
  clearInterval(poll);
  const last = (await ask()) ?? { state: "unseen", suspects: [], sites: [] };
  const report = confirmedReport ?? last;
  const sites = (report.suspects[0]?.attribution ?? report.sites).map((s) => s.site);
  const expected = expectedNames(path.join(known.programs, program));
  const named = sites.slice(0, 3).findIndex((site) => expected.some((e) => site.includes(e))) + 1;
  return {
    program,
    leaks: program.startsWith("L"),
    state: last.state,
    confirmed: confirmedAfter !== null,
    confirmedAfter,
    named,
    sites: sites.map((s) => s.replace(/\(.*\//, "(")),
    series: report.suspects.map((s) => s.series),
  };
}

/** The names that the program itself says a detector should find. */
function expectedNames(file) {
  const text = readFileSync(file, "utf8");
  const lists = [...text.matchAll(/expect(?:Class|Fn): \[([^\]]*)\]/g)].map((m) => m[1] ?? "");
  return lists.flatMap((list) => [...list.matchAll(/'([^']+)'/g)].map((m) => m[1] ?? ""));
}
