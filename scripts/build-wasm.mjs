// Compiles wasm/NAME.as.ts to a module of base64, which is committed: a bundle, a worker and a test load it alike, with no
// path to find and nothing to compile at start. `--check` fails when what is committed is not what the source gives.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Each module: source, where its bytes go, and the pages of 64 KiB that it gets (fixed: it never grows); without pages it
 * imports its memory, one for each instance.
 */
const MODULES = [
  { name: "vector-scan", target: "lib/stores/vectors/codec/scan.wasm.ts" },
  { name: "scan", target: "lib/streaming/scan/scan.wasm.ts", pages: 42 },
];

const root = new URL("..", import.meta.url).pathname;
const wanted = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const check = process.argv.includes("--check");

for (const { name, target, pages } of MODULES) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const scratch = mkdtempSync(join(tmpdir(), "headroom-wasm-"));
  try {
    const binary = join(scratch, `${name}.wasm`);
    const size = pages
      ? ["--initialMemory", String(pages), "--maximumMemory", String(pages)]
      : ["--importMemory", "--noExportMemory"];
    const options = ["--runtime", "stub", "--enable", "simd", "-O3", "--noAssert", "--use", "abort=", ...size];
    execFileSync("node", ["node_modules/assemblyscript/bin/asc.js", `wasm/${name}.as.ts`, ...options, "-o", binary], {
      cwd: root,
      stdio: "inherit",
    });
    const bytes = readFileSync(binary);
    const text = [
      `// Made by scripts/build-wasm.mjs from wasm/${name}.as.ts: change that, not this.`,
      `export const ${name.replace(/-(.)/g, (_, letter) => letter.toUpperCase())}Wasm =`,
      `  "${bytes.toString("base64")}";`,
      "",
    ].join("\n");
    if (check && readFileSync(join(root, target), "utf8") !== text) {
      process.stderr.write(
        `${target} is not what wasm/${name}.as.ts compiles to: run node scripts/build-wasm.mjs ${name}\n`,
      );
      process.exitCode = 1;
    }
    if (!check) writeFileSync(join(root, target), text);
    process.stdout.write(`${target}: ${bytes.length} bytes${check ? ", checked" : ""}\n`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
