// The floors of ARCHITECTURE.md, checked over every source file: also those that nothing imports.
// dependency-cruiser gathers no `.ts` from a folder beside TypeScript 7, and says nothing about it: so files are named to it
// (findings/dependency-cruiser-typescript-7.sh).
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import { projectDir } from "./setup.mjs";

const FOLDERS = ["agent", "app", "bench", "e2e", "lib", "packages", "scripts"];
const SOURCE = /\.(?:ts|tsx|mts|mjs|js|cjs)$/;
/** Made by others, of no module system that is looked at, or of a package of its own. */
const LEFT_OUT = /^lib\/backends\/generated\/|^e2e\/generators\/|\.d\.m?ts$/;

/** The source files under a root, as paths from there with `/`. */
export function sourceFiles(root = projectDir) {
  const inFolders = FOLDERS.flatMap((folder) => listed(root, folder));
  const atTheTop = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map(({ name }) => name);
  return [...inFolders, ...atTheTop].filter((file) => SOURCE.test(file) && !LEFT_OUT.test(file)).sort();
}

function listed(root, folder) {
  try {
    return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/"))
      .filter((file) => !/node_modules\/|^packages\/[^/]+\/dist\//.test(file));
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
}

/**
 * Looks at the imports of every source file under a root.
 * @returns {{ files: number, missed: string[], violations: string[] }} `missed` were given and not looked at; a violation
 *   names its rule, the file, what it imports, and where that should go instead.
 */
export function checkFloors(root = projectDir) {
  const files = sourceFiles(root);
  const bin = path.join(projectDir, "node_modules/.bin/depcruise");
  const config = path.join(projectDir, ".dependency-cruiser.cjs");
  const { stdout, stderr } = spawnSync(bin, ["--config", config, "--output-type", "json", ...files], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  const result = parse(stdout, stderr);
  const seen = new Set(result.modules.map(({ source }) => source));
  const comments = new Map(result.summary.ruleSetUsed.forbidden.map(({ name, comment }) => [name, comment]));
  return {
    files: files.length,
    missed: files.filter((file) => !seen.has(file)),
    violations: result.summary.violations.map(
      ({ rule, from, to, cycle }) =>
        `${rule.name}: ${from} → ${cycle ? cycle.map(({ name }) => name).join(" → ") : to}\n    ${comments.get(rule.name)}`,
    ),
  };
}

function parse(stdout, stderr) {
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`dependency-cruiser did not finish: ${stderr}`);
  }
}

if (import.meta.filename === process.argv[1]) {
  const { files, missed, violations } = checkFloors();
  for (const violation of violations) console.log(violation);
  for (const file of missed) console.log(`not looked at: ${file}`);
  console.log(`${files} files, ${missed.length} of them not looked at, ${violations.length} broken floors`);
  process.exitCode = missed.length + violations.length > 0 ? 1 : 0;
}
