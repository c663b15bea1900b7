// `node packages/build.mjs NAME…`: writes packages/NAME/dist, the JavaScript by esbuild and the declarations by tsc. Each entry
// of the package's `exports` is a module of its own; what it imports from other packages stays an import.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const PACKAGES = path.dirname(fileURLToPath(import.meta.url));
const TSC = path.resolve(PACKAGES, "../node_modules/typescript/bin/tsc");

async function buildPackage(name) {
  const folder = path.join(PACKAGES, name);
  const { exports } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const entries = Object.values(exports).map((entry) =>
    path.join(folder, entry.default.replace("./dist/", "src/").replace(/\.js$/, ".ts")),
  );
  const dist = path.join(folder, "dist");
  rmSync(dist, { recursive: true, force: true });
  await build({
    entryPoints: entries,
    outdir: dist,
    outbase: path.join(folder, "src"),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    packages: "external",
  });
  const config = path.join(folder, "tsconfig.build.json");
  const files = entries.map((entry) => path.relative(folder, entry));
  writeFileSync(
    config,
    JSON.stringify({ extends: "../tsconfig.json", compilerOptions: { outDir: "dist", rootDir: "src" }, files }),
  );
  const { status } = spawnSync(process.execPath, [TSC, "-p", config], { stdio: "inherit" });
  rmSync(config);
  if (status !== 0) throw new Error(`the declarations of ${name} could not be written`);
}

for (const name of process.argv.slice(2)) await buildPackage(name);
