// Set-up shared by start, dev and test. Built-ins only: it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const projectDir = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const at = (...parts) => path.join(projectDir, ...parts);

export function say(text) {
  process.stdout.write(`headroom: ${text}\n`);
}

export function fail(text) {
  process.stderr.write(`headroom: ${text}\n`);
  process.exit(1);
}

/** Runs a command in the project with its output shown; ends this process when it fails. */
function run(command, args, { env = {}, title = `${command} ${args.join(" ")}`, folder = "." } = {}) {
  const started = Date.now();
  say(`${title} …`);
  const result = spawnSync(command, args, { cwd: at(folder), stdio: "inherit", env: { ...process.env, ...env } });
  if (result.error || result.status !== 0)
    fail(`${title} failed (${result.error?.message ?? `exit ${result.status ?? result.signal}`})`);
  say(`${title}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

export function requireNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) fail(`needs Node 20.19 or newer, this is ${process.versions.node}`);
}

/** Installs what the lock file of a folder names, unless it is there. */
export function install(folder = ".") {
  if (isInstalled(folder)) return;
  // Scripts of packages are not needed: every native part of ours ships in its package.
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    title: `installing packages${folder === "." ? "" : ` of ${folder}`} (1–3 min the first time)`,
    folder,
    env: { NODE_ENV: "development", ONNXRUNTIME_NODE_INSTALL: "skip", ONNXRUNTIME_NODE_INSTALL_CUDA: "skip" },
  });
}

const FLEET = "packages/fleet";

/** The clients of the engines that a fleet shares, where one of them is asked for: the embedded default has none of them. */
export function installFleet(environment = process.env) {
  const { HEADROOM_REDIS_URL: redis, HEADROOM_DATABASE_URL: database } = environment;
  if (redis || /^postgres(?:ql)?:/.test(database ?? "")) install(FLEET);
}

function isInstalled(folder) {
  const installed = readJson(at(folder, "node_modules/.package-lock.json"));
  const wanted = readJson(at(folder, "package-lock.json"));
  if (!installed || !wanted) return false;
  return Object.entries(wanted.packages).every(([name, { version, optional, link }]) => {
    if (name === "" || link) return true;
    const found = installed.packages[name];
    // Another platform's binaries are optional and never there.
    return found ? found.version === version : optional === true;
  });
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

const SOURCES = [
  "app",
  "lib",
  "wasm",
  "server.ts",
  "next.config.js",
  "postcss.config.mjs",
  "tsconfig.json",
  "package-lock.json",
  "scripts/build.mjs",
];

/** Builds, unless the build is of these very sources. */
export function build() {
  const stamp = at(".headroom/built");
  const fingerprint = fingerprintOf(SOURCES);
  const complete = existsSync(at(".next/BUILD_ID")) && existsSync(at("dist/server.js"));
  if (complete && existsSync(stamp) && readFileSync(stamp, "utf8") === fingerprint) return;
  run(process.execPath, ["scripts/build.mjs"], { title: "building (about a minute)", env: { NODE_ENV: "production" } });
  mkdirSync(at(".headroom"), { recursive: true });
  writeFileSync(stamp, fingerprint);
}

function fingerprintOf(names) {
  const hash = createHash("sha256").update(process.versions.node);
  const visit = (name) => {
    const stats = statSync(at(name), { throwIfNoEntry: false });
    if (!stats) return;
    if (!stats.isDirectory()) hash.update(`${name}\0${stats.size}\0${stats.mtimeMs}\n`);
    else for (const entry of readdirSync(at(name)).sort()) visit(path.join(name, entry));
  };
  for (const name of names) visit(name);
  return hash.digest("hex");
}
