// Builds the pages (Next) and bundles the server and its workers (esbuild; packages stay outside).
// `--server` bundles alone, in a second: for work on the server with pages built before.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const projectDir = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(import.meta.url);

function buildPages() {
  const next = path.join(path.dirname(require.resolve("next/package.json")), "dist/bin/next");
  const env = { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" };
  const child = spawn(process.execPath, [next, "build"], { cwd: projectDir, stdio: "inherit", env });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`next build ended with ${code}`))));
  });
}

function bundleServer() {
  const workers = readdirSync(path.join(projectDir, "lib/workers")).filter(
    (name) => name.endsWith(".ts") && !name.includes(".test."),
  );
  return build({
    absWorkingDir: projectDir,
    entryPoints: [
      { in: "server.ts", out: "server" },
      ...workers.map((name) => ({ in: `lib/workers/${name}`, out: `workers/${name.slice(0, -3)}` })),
    ],
    outdir: "dist",
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    sourcemap: "linked",
    logLevel: "warning",
  });
}

await Promise.all([process.argv.includes("--server") ? null : buildPages(), bundleServer()]);
