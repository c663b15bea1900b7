// `npm test`: sets up, verifies, builds, and runs the built server and its pages in a real browser.
// `npm run test:long` runs what takes longer than CI's 20 minutes as well.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { installPeersOfAdapters } from "../packages/adapters/test/install.mjs";
import { build, fail, install, projectDir, requireNode, say } from "./setup.mjs";
import { add, check, readVitest, verify } from "./verify.mjs";

const none = { passed: 0, failed: 0, skipped: 0 };
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const canInstall = () => process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0;

/** Installs a package of Debian. No service of it is started: tests start their own. @returns whether that worked. */
function installDebian(name, title) {
  const policy = "/usr/sbin/policy-rc.d";
  const isOurs = !existsSync(policy);
  if (isOurs) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = ["-y", "-qq", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"];
  say(`${title} …`);
  try {
    return [
      ["update", "-qq"],
      ["install", ...options, name],
    ].every((args) => spawnSync("apt-get", args, { stdio: "inherit", env }).status === 0);
  } finally {
    if (isOurs) rmSync(policy, { force: true });
  }
}

/** Tests of a fleet start Redis themselves. Where it cannot be had, they are left out. */
function wantRedis() {
  if (spawnSync("redis-server", ["--version"]).status === 0) return;
  if (canInstall() && installDebian("redis-server", "installing Redis (some seconds)")) return;
  say('the tests with Redis are left out: install the package "redis-server" to run them');
}

/** The same of Postgres. */
function wantPostgres() {
  if (existsSync("/usr/lib/postgresql")) return;
  if (canInstall()) {
    // Debian's package makes a database of the system's own, unless it is told not to.
    const settings = "/etc/postgresql-common/createcluster.conf";
    mkdirSync(path.dirname(settings), { recursive: true });
    if (!existsSync(settings)) writeFileSync(settings, "create_main_cluster = false\n");
    if (installDebian("postgresql", "installing Postgres (some seconds)")) return;
  }
  say('the tests with Postgres are left out: install the package "postgresql" to run them');
}

function requireBrowser() {
  if ([process.env.CHROMIUM_PATH, ...BROWSERS].some((place) => place && existsSync(place))) return;
  if (canInstall()) {
    if (installDebian("chromium", "installing Chromium (about a minute)")) return;
    fail("Chromium could not be installed; the browser tests need it");
  }
  const { status } = spawnSync(path.join(projectDir, "node_modules/.bin/playwright"), [
    "install",
    "--dry-run",
    "chromium",
  ]);
  const own = status === 0 ? ", or run: npx playwright install chromium" : "";
  fail(`the browser tests need Chromium: install the package "chromium", or set CHROMIUM_PATH${own}`);
}

function readPlaywright(report) {
  try {
    const { expected, unexpected, flaky, skipped } = JSON.parse(readFileSync(report, "utf8")).stats;
    return { passed: expected, failed: unexpected + flaky, skipped };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

/** The adapters against the built server. */
function adapters() {
  const folder = path.join(projectDir, "packages/adapters");
  const tsc = path.join(projectDir, "node_modules/.bin/tsc");
  const typed = check("types of the adapters", tsc, ["-p", path.join(folder, "test")]);
  add(totals, { ...none, passed: Number(typed) }, typed);
  const report = path.join(projectDir, "test-results/adapters.json");
  rmSync(report, { force: true });
  const vitest = path.join(folder, "test/node_modules/.bin/vitest");
  const config = ["--config", path.join(folder, "test/vitest.config.ts")];
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const passed = check("adapters", vitest, ["run", ...config, ...reporters], longEnv);
  add(totals, readVitest(report), passed);
}

requireNode();
install();
// Only tests need the published generators of clients, what the adapters adapt to, and the engines of a fleet.
install("e2e/generators");
install("packages/fleet");
installPeersOfAdapters();
requireBrowser();
wantRedis();
wantPostgres();
const longEnv = process.argv.includes("--long") ? { HEADROOM_TEST_LONG: "1" } : {};
const totals = await verify();
build();
const report = path.join(projectDir, "test-results/e2e.json");
rmSync(report, { force: true });
const playwright = path.join(projectDir, "node_modules/.bin/playwright");
const passed = check("browser, contract and process tests", playwright, ["test"], longEnv);
add(totals, readPlaywright(report), passed);
adapters();
say(totals.failed === 0 ? "all is well" : "there are failures above");
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed === 0 ? 0 : 1);
