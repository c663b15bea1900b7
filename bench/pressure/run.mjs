// `npm run build && npm run bench:pressure`: everything that bench/pressure claims, one after another, ended by itself with 1 if
// a claim did not hold. Each part is a command of its own too. Takes about ten minutes on two cores.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const PARTS = [
  ["limit.mjs", "100,000 sessions and 256 MB of incompressible responses against 400 MB"],
  [
    "limit.mjs",
    "the same with bodies that compress, 16 clients and a lower target",
    "--bodies",
    "text",
    "--connections",
    "16",
    "--target",
    "0.3",
  ],
  ["naive.mjs", "the same requests to a naive process and to ours"],
  ["burst.mjs", "bodies as large as they may be, all at once"],
];
let failed = 0;
for (const [script, title, ...args] of PARTS) {
  console.log(`\n== ${title}: node bench/pressure/${[script, ...args].join(" ")}`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, script), ...args], { stdio: "inherit" });
  if (status !== 0) failed += 1;
}
process.exitCode = failed > 0 ? 1 : 0;
