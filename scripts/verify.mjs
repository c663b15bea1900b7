// `npm run verify`: the gate that `npm test` and CI run. Each check is named, timed and counted; all run, even after a failure.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { install, projectDir, requireNode, say } from "./setup.mjs";

const bin = (name) => path.join(projectDir, "node_modules/.bin", name);

const CHECKS = [
  ["types", bin("tsc"), ["--noEmit"]],
  ["lint and format", bin("biome"), ["ci", "--colors=off", "."]],
  ["floors", bin("depcruise"), ["app", "lib", "server.ts"]],
  ["dead code", bin("knip"), []],
];

/** Runs one command with its output shown; true when it passed. */
export function check(title, command, args, env = {}) {
  const started = Date.now();
  const { status, error } = spawnSync(command, args, {
    cwd: projectDir,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  const passed = !error && status === 0;
  say(`${passed ? "passed" : "FAILED"}: ${title} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  return passed;
}

/** Runs the static checks and the unit tests. @returns counts of checks and tests together. */
export function verify() {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const [title, command, args] of CHECKS) totals[check(title, command, args) ? "passed" : "failed"] += 1;
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

function readVitest(report) {
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
  const { passed, failed, skipped } = verify();
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exit(failed === 0 ? 0 : 1);
}
