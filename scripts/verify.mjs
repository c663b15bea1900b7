// `npm run verify`: the gate that `npm test` and CI run. Each check is named, timed and counted; all run, even after a failure.
import { execFile, spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { install, projectDir, requireNode, say } from "./setup.mjs";

const bin = (name) => path.join(projectDir, "node_modules/.bin", name);

/** Title, command, arguments. The slowest first: they run side by side. */
const CHECKS = [
  ["types", bin("tsc"), ["--noEmit"]],
  ["dead code", bin("knip"), []],
  ["lint and format", bin("biome"), ["ci", "--colors=off", "."]],
  ["floors", process.execPath, ["scripts/floors.mjs"]],
  ["compiled modules", process.execPath, ["scripts/build-wasm.mjs", "--check"]],
  ["names and sentences in documents", process.execPath, ["scripts/documents.mjs"]],
  ["types of the client", process.execPath, ["--import", "tsx", "scripts/client-types.ts", "--check"]],
  ["reference pages", process.execPath, ["--import", "tsx", "scripts/reference.ts", "--check"]],
];

const sinceText = (started) => `${((Date.now() - started) / 1000).toFixed(1)} s`;

/** Runs one command with its output shown; true when it passed. */
export function check(title, command, args, env = {}) {
  const started = Date.now();
  const { status, error } = spawnSync(command, args, {
    cwd: projectDir,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  const passed = !error && status === 0;
  say(`${passed ? "passed" : "FAILED"}: ${title} (${sinceText(started)})`);
  return passed;
}

/** As `check`, beside others: the output is shown when it ends, all of it together. */
function checkBeside([title, command, args]) {
  const started = Date.now();
  return new Promise((resolve) => {
    execFile(command, args, { cwd: projectDir, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      process.stdout.write(`${stdout}${stderr}`);
      say(`${error ? "FAILED" : "passed"}: ${title} (${sinceText(started)})`);
      resolve(!error);
    });
  });
}

/** Everything that can be said without running the code. @returns counts of checks. */
export async function verifyStatic() {
  const outcomes = await Promise.all(CHECKS.map(checkBeside));
  const passed = outcomes.filter(Boolean).length;
  return { passed, failed: outcomes.length - passed, skipped: 0 };
}

/** Runs the static checks and the unit tests. @returns counts of checks and tests together. */
export async function verify() {
  const totals = await verifyStatic();
  const report = path.join(projectDir, "test-results/unit.json");
  rmSync(report, { force: true });
  const passed = check("unit tests", bin("vitest"), [
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ]);
  add(totals, readVitest(report), passed);
  return totals;
}

/** Adds a runner's counts; a runner that failed without a failed test (or without a report) counts as one failure. */
export function add(totals, counts, passed) {
  for (const name of ["passed", "failed", "skipped"]) totals[name] += counts[name];
  if (!passed && counts.failed === 0) totals.failed += 1;
}

export function readVitest(report) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, "utf8"));
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

if (import.meta.filename === process.argv[1]) {
  requireNode();
  install();
  install("packages/fleet");
  const { passed, failed, skipped } = await verify();
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exit(failed === 0 ? 0 : 1);
}
